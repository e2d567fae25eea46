"""Move a project's Celery tasks here: `import_celery` shows what would become of them, with `--write` it does it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from queueapp.contrib.celery.importer.files import Change
from queueapp.contrib.celery.importer.findings import Verdict
from queueapp.contrib.celery.importer.plan import Plan, make_plan
from queueapp.management.base import PlatformCommand

try:
    from queueapp.contrib.celery.importer import rewriting
except ModuleNotFoundError:  # of libcst, which the extra `celery` brings
    rewriting = None  # type: ignore[assignment]


class Command(PlatformCommand):
    help = "Read Celery tasks from source, without running it; say what maps; with --write, move what does."
    requires_system_checks = ()  # the project may not be as the checks want it until its tasks have moved

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "project",
            nargs="?",
            type=Path,
            help="the directory that its modules are imported from; by default the setting BASE_DIR",
        )
        parser.add_argument("--write", action="store_true", help="change the files; without it nothing is written")

    def handle(self, **options: Any) -> None:
        if rewriting is None:
            raise CommandError("import_celery needs libcst, which rewrites source: pip install 'taskrunner[celery]'")
        root = (options["project"] or Path(getattr(settings, "BASE_DIR", "."))).resolve()
        if not root.is_dir():
            raise CommandError(f"{root} is no directory.")
        plan = make_plan(root)
        changes = _changes(plan)
        if options["write"]:
            _write(plan, changes)
        if options["json"]:
            self.output.json(_document(plan, changes, written=options["write"]))
        else:
            self._show(plan, changes, written=options["write"])
        refused = sum(each.verdict == Verdict.REFUSED for each in plan.report.findings)
        if refused:
            raise CommandError(f"{refused} files were refused; the others are read all the same.")

    def _show(self, plan: Plan, changes: list[Change], *, written: bool) -> None:
        rows = [[each.verdict, each.place, each.subject, each.words] for each in plan.report.sorted()]
        self.output.table(("", "where", "what", "as what, or why not"), rows)
        for change in changes:
            self.output.line()
            self.output.line(change.diff.rstrip("\n"))
        self.output.line()
        what = "are moved" if written else "would be moved (--write does it)"
        self.output.line(f"{len(plan.moves)} tasks in {len(changes)} files {what}, {len(plan.left)} stay with Celery.")


def _changes(plan: Plan) -> list[Change]:
    changes = []
    for module in plan.surveys:
        with plan.report.refusals(module.source.path):
            changes.append(Change(module.source, rewriting.rewritten(plan, module)))
    return [change for change in changes if change.new != change.source.content]


def _write(plan: Plan, changes: list[Change]) -> None:
    for change in changes:
        with plan.report.refusals(change.source.path):
            change.write()


def _document(plan: Plan, changes: list[Change], *, written: bool) -> dict[str, Any]:
    return {
        "moved": [move.type for move in plan.moves],
        "left": [task.key for task in plan.left],
        "findings": [finding.as_dict() for finding in plan.report.sorted()],
        "files": [{"path": change.source.path, "diff": change.diff} for change in changes],
        "written": written,
    }
