"""The list of acts: sentences, filters, pages, what a tenant sees of it, and the file."""

import csv
import io
import json
import time

import pytest
from django.db import connection, connections

from configapp.changes import submit_change
from configapp.errors import ChangeRefused
from configapp.models import ConfigAudit
from queueapp.console.audit_csv import safe
from queueapp.console.audit_sentences import sentence
from queueapp.models import Act, OperatorAction, SecurityEvent
from queueapp.operators import service
from queueapp.operators.acts import record_act
from queueapp.tenancy import operator_scope, tenant_scope

AUDIT = "/console/all/audit/"
pytestmark = pytest.mark.rls_only


@pytest.fixture
def acts(acme, globex):
    """Acts on the platform, on acme's and on globex's things, and refusals."""
    with operator_scope("operator:ada"):
        service.pause_queue("default")
        later()
        counts = {"counts": {"acme": 6360}, "filter": {"type": "billing.charge"}}
        record_act(acme.pk, "task.retry", "all that match a filter", **counts, reason="<b>provider is back</b>")
        later()
        SecurityEvent.objects.create(
            tenant_id=globex.pk, actor="client:ci@x", event="forbidden", detail={"method": "GET", "path": "/api/v1/x"}
        )
    later()
    with tenant_scope(acme.pk, actor="client:bob"):
        record_act(acme.pk, "schedule.pause", "nightly")
    later()
    with pytest.raises(ChangeRefused):
        submit_change("app.workers", "many", actor="operator:ada")


def later():
    """Ids of one millisecond have no order."""
    time.sleep(0.002)


def sentences(answer):
    return [str(row.sentence) for row in answer.context["rows"]]


def test_one_list_of_sentences_the_newest_first(root, acts):
    answer = root.get(AUDIT)
    assert sentences(answer) == [
        "ada tried to change (set) app.workers: not_an_integer",
        "bob paused the schedule nightly",
        "ci@x was forbidden GET /api/v1/x",
        "ada retried 6,360 billing.charge of acme: <b>provider is back</b>",
        "ada paused the queue default",
    ]
    page = answer.content.decode()
    assert "<b>provider" not in page
    assert 'href="/console/all/queues/default/"' in page


def test_a_tenant_sees_what_was_done_to_its_own_things(acts, acme, member):
    assert sentences(member(acme).get("/console/acme/audit/")) == [
        "bob paused the schedule nightly",
        "ada retried 6,360 billing.charge of acme: <b>provider is back</b>",
    ]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"who": "ada"}, 3),
        ({"who": "operator:ada"}, 3),
        ({"who": "ad"}, 0),
        ({"what": "schedule.pause"}, 1),
        ({"target": "default", "who": "ada"}, 1),
        ({"since": "2199-01-01T00:00"}, 0),
        ({"since": "2020-01-01T00:00"}, 5),
    ],
)
def test_filters(root, acts, query, count):
    assert len(root.get(AUDIT, query).context["rows"]) == count


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"since": "0001-01-01T00:00"}, {"before": "x"}, {"who": "a" * 201}]
)
def test_a_bad_filter_is_told_and_shows_nothing(root, acts, query):
    for address in (AUDIT, f"{AUDIT}csv/"):
        assert root.get(address, query).status_code == 400
    (name,) = query
    assert name in root.get(AUDIT, query).context["form"].errors


def test_pages_follow_each_other_without_a_gap(root, clean_database):
    with operator_scope("operator:ada"):
        OperatorAction.objects.bulk_create(
            OperatorAction(actor="operator:ada", action="queue.pause", target=str(number)) for number in range(120)
        )
    seen, query = [], ""
    while True:
        answer = root.get(f"{AUDIT}?{query}")
        seen += [row.act.target for row in answer.context["rows"]]
        query = answer.context["older"]
        if not query:
            break
    assert seen == [str(number) for number in reversed(range(120))]


def test_the_file_holds_what_the_filter_selects_and_no_formula(root, acts, acme):
    with operator_scope("operator:ada"):
        record_act(acme.pk, "schedule.pause", "=HYPERLINK(1)", api_token="s3cret-of-some-length")
    answer = root.get(f"{AUDIT}csv/", {"what": "schedule.pause"})
    text = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["target"], row["tenant"]) for row in rows] == [("'=HYPERLINK(1)", "acme"), ("nightly", "acme")]
    assert "s3cret" not in text and json.loads(rows[0]["detail"]) == {"api_token": "***"}
    assert safe("+1") == "'+1" and safe("1+1") == "1+1"


def test_an_act_that_no_sentence_knows_is_shown_by_its_name():
    act = Act(source="operator", actor="odd", action="acme.launch", target="rocket", detail=[1])
    assert str(sentence(act)) == "odd acme.launch rocket"


def test_each_filter_has_an_index_that_is_in_order(acts, acme):
    """With sorts and scans of whole tables out of favour, none is left in the plan."""
    others = {"actor": "operator:bob", "action": "set"}
    with operator_scope("operator:bob"):
        OperatorAction.objects.bulk_create(OperatorAction(**others, target=str(number)) for number in range(500))
        SecurityEvent.objects.bulk_create(SecurityEvent(actor="x", event=str(number)) for number in range(500))
        ConfigAudit.objects.bulk_create(
            ConfigAudit(**others, config_key=str(number), status="success") for number in range(500)
        )
    with connections["owner"].cursor() as owner:
        for table in ("operator_actions", "security_events", "config_audit"):
            owner.execute(f"ANALYZE taskrunner_{table}")
    filters = ({"actor": "operator:ada"}, {"action": "task.retry"}, {"target": "default"}, {"tenant_id": acme.pk})
    for given in filters:
        with operator_scope("operator:test"), connection.cursor() as cursor:
            for method in ("seqscan", "sort", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{method} = off")
            plan = Act.objects.filter(**given).order_by("-id")[:51].explain()
        assert "Sort  (" not in plan and "Filter:" not in plan and "Merge Append" in plan, (given, plan)
