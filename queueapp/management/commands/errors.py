"""List errors, show one, or ignore, resolve or reopen it: `errors --window 1h`, `errors resolve FINGERPRINT`."""

from argparse import SUPPRESS, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp.conf import MAX_RELEASE_CHARACTERS
from queueapp.error_groups import queries, service
from queueapp.error_groups.documents import ErrorDetailDocument, ErrorDocument
from queueapp.error_groups.queries import WINDOWS, ErrorDetail, ErrorRow
from queueapp.management.arguments import find_tenant, pattern, whole_number
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.output import rfc3339
from queueapp.models import ErrorGroup

ACTIONS = {
    "show": "a failure lately, with its traceback, and the tenants",
    "ignore": "count it in silence",
    "resolve": "it is mended",
    "reopen": "neither ignored nor resolved any more",
}


class Command(PlatformCommand):
    help = "List the kinds of failures that were seen lately, or show, ignore, resolve or reopen one."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--window", choices=WINDOWS, default="24h", help="how far back to count; default: 24h")
        parser.add_argument("--state", choices=ErrorGroup.State.values)
        parser.add_argument("--type", type=pattern, metavar="PATTERN", help="a type, or X.* for all below X")
        parser.add_argument("--tenant", metavar="SLUG", help="default: all")
        actions = parser.add_subparsers(dest="action", metavar=" | ".join(ACTIONS))
        for action, text in ACTIONS.items():
            each = actions.add_parser(action, help=text)
            each.add_argument("fingerprint")
            # without defaults, which would undo what stands before the action
            each.add_argument("--tenant", metavar="SLUG", default=SUPPRESS)
            each.add_argument("--json", action="store_true", default=SUPPRESS)
            if action != "show":
                each.add_argument("--note", default="", help="why")
            if action == "ignore":
                each.add_argument("--more", type=whole_number(1, 10**12), help="open again after so many more")
            if action == "resolve":
                each.add_argument("--release", type=_release, default="", help="where it is mended")

    def handle(self, **options: Any) -> None:
        with acting():
            tenant_id = find_tenant(options["tenant"]).id if options["tenant"] else None
            wanted = {"tenant_id": tenant_id, "state": options["state"], "type_pattern": options["type"]}
            if options["action"] is None:
                self._list(queries.error_rows(options["window"], **wanted), options)
                return
            groups = service.locked(options["fingerprint"], tenant_id)
            detail = queries.error_detail(options["fingerprint"], options["window"], tenant_id=tenant_id)
            if detail is None:
                raise CommandError(f"There is no error {options['fingerprint']!r}; `manage.py errors` lists them.")
            if options["action"] == "show":
                self._show(detail, options)
                return
            _act(groups, options)
        self._answer(groups, options)

    def _list(self, rows: list[ErrorRow], options: dict[str, Any]) -> None:
        if options["json"]:
            self.output.json([ErrorDocument.of(row) for row in rows])
        elif rows:
            headers = ("fingerprint", "state", "failures", "type", "tenants", "last seen", "error")
            self.output.table(headers, [_row(row) for row in rows])
        else:
            self.output.line(f"No error was seen in the last {options['window']}.")

    def _show(self, detail: ErrorDetail, options: dict[str, Any]) -> None:
        document = ErrorDetailDocument.of_detail(detail, with_traceback=True)
        if options["json"]:
            self.output.json(document)
            return
        self.output.line(f"{detail.row.type}: {detail.row.title}")
        self.output.line(
            f"{detail.row.failures} failures in the last {options['window']};"
            f" first seen {_seen(detail.row.first_seen, detail.row.first_release)},"
            f" last {_seen(detail.row.last_seen, detail.row.last_release)}."
        )
        rows = [[each.tenant, each.state, str(each.failures), each.note] for each in document.by_tenant]
        self.output.table(("tenant", "state", "failures ever", "note"), rows)
        self.output.line(f"Task {document.sample.task_id}, attempt {document.sample.attempt}:")
        self.output.line(document.sample.traceback or document.sample.message or "Its log is gone.")

    def _answer(self, groups: list[ErrorGroup], options: dict[str, Any]) -> None:
        if options["json"]:
            with acting():
                (detail,) = filter(None, [queries.error_detail(options["fingerprint"], options["window"])])
            self.output.json(ErrorDetailDocument.of_detail(detail, with_traceback=True))
        else:
            words = {"ignore": "is ignored", "resolve": "is resolved", "reopen": "is open"}[options["action"]]
            self.output.line(f"{options['fingerprint']} {words}, for {len(groups)} tenants.")


def _act(groups: list[ErrorGroup], options: dict[str, Any]) -> None:
    match options["action"]:
        case "ignore":
            service.ignore(groups, more=options["more"], note=options["note"])
        case "resolve":
            service.resolve(groups, release=options["release"], note=options["note"])
        case _:
            service.reopen(groups, note=options["note"])


def _release(text: str) -> str:
    if len(text) > MAX_RELEASE_CHARACTERS:
        raise ArgumentTypeError(f"a release has at most {MAX_RELEASE_CHARACTERS} characters, not {len(text)}")
    return text


def _row(row: ErrorRow) -> list[str]:
    last_seen = rfc3339(row.last_seen, timespec="seconds")
    return [row.fingerprint, row.state, str(row.failures), row.type, str(row.tenants), last_seen, row.title]


def _seen(at: Any, release: str) -> str:
    return f"{rfc3339(at, timespec='seconds')}{f' in {release}' if release else ''}"
