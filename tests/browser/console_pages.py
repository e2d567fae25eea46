"""Where the pages of the console are, with what a lively scene has to show on each."""

import re

from django.contrib.auth.models import User

from queueapp.console.pages import pages
from queueapp.models import Membership, Worker
from queueapp.tenancy import operator_scope
from tests.browser.lively import Lively

FILES = ("audit_csv", "artifact_file", "task_rows")  # no pages
BY_POST = ("ticked",)  # what was ticked comes by POST, and nothing was


def addresses(scene: Lively, scope: str, user: User) -> dict[str, str]:
    """Of every page that this scope has, by its name."""
    with operator_scope("operator:test"):
        worker = Worker.objects.filter(stopped_at=None).first()
        member = Membership.objects.filter(user=user).values_list("pk", flat=True).first()
    of_page = {"cancel": scene.running, "retry": scene.dead, "resume_queue": "media"}
    of_word = {
        "task_id": scene.dead,
        "artifact_id": scene.artifact,
        "queue": "default",
        "fingerprint": scene.fingerprint(),
        "worker_id": worker.pk,
        "cluster_id": worker.cluster_id,
        "schedule_id": scene.schedule,
        "prefix": scene.key_prefix,
        "member_id": member,
    }
    queries = {
        "bulk": "?verb=retry&type=sample.fail",
        "new": "?tenant=acme&type=sample.record" if scope == "all" else "?type=sample.record",
    }
    found = {}
    for each in pages().values():
        if each.name in FILES + BY_POST or (scope == "acme" and each.platform_only):
            continue
        if each.tenant_only and (scope == "all" or (member is None and "member_id" in each.path)):
            continue
        path = re.sub(
            r"<\w+:(\w+)>", lambda word, page=each: str(of_page.get(page.name) or of_word[word[1]]), each.path
        )
        found[each.name] = f"/console/{scope}/{path}{'/' if path else ''}{queries.get(each.name, '')}"
    return found
