"""Move schedules and queued tasks of a project's own django-q2 here: `import_django_q` tells, `--write` does it."""

from collections import Counter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from queueapp.contrib.django_q.moving import Mover
from queueapp.contrib.django_q.sources import source_of
from queueapp.management.arguments import default_tenant, find_tenant
from queueapp.management.base import PlatformCommand, acting, cli_actor
from queueapp.worker.processes import django_q_settings


class Command(PlatformCommand):
    help = "Say what becomes of django-q2's schedules and queued tasks; with --write, move them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", help=f"whose they will be; default: {default_tenant()}")
        parser.add_argument("--write", action="store_true", help="move them; without it nothing is written")

    def handle(self, **options: Any) -> None:
        q_cluster = _q_cluster()
        with acting():
            tenant = find_tenant(options["tenant"])
        mover = Mover(tenant.id, cli_actor(), q_cluster, write=options["write"])
        items = [*mover.schedules(), *mover.queued(source_of(q_cluster))]
        if options["json"]:
            self.output.json({"items": [item.as_dict() for item in items], "written": options["write"]})
            return
        rows = [[each.verdict, each.kind, each.id, each.function, each.words] for each in items]
        self.output.table(("", "what", "id", "function", "as what, or why not"), rows)
        counts = Counter(each.verdict for each in items)
        told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "nothing is there"
        self.output.line(f"{told}." if options["write"] else f"{told}. Nothing was written; --write moves them.")


def _q_cluster() -> dict[str, Any]:
    """The project's own. Raises CommandError where it is not there to be read."""
    if django_q_settings.is_ours() or not apps.is_installed("django_q"):
        raise CommandError(
            "The project's Q_CLUSTER is not read while queueapp stands before django_q in INSTALLED_APPS: list it after"
            " django_q until everything is moved."
        )
    q_cluster = getattr(settings, "Q_CLUSTER", None)
    if not isinstance(q_cluster, dict):
        raise CommandError("There is no Q_CLUSTER in the settings, so nothing says where django-q2 keeps its tasks.")
    return q_cluster
