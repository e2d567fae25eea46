"""Commands that apply one verb to tasks named by id, and answer for each; or to all that filters select."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp.management.arguments import task_id
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.bulk_options import add_bulk_options, carry_out_for_all, names_filters
from queueapp.operators.service import record
from queueapp.states import Status
from queueapp.tasks import TransitionResult
from queueapp.tasks.bulk import Verb
from queueapp.tasks.serializers import result_document

FOR_FILTERS = ("dry_run", "again", "wait", "try_first", "go_on_if")


class VerbCommand(PlatformCommand):
    """By ids, it exits with 1 if any task refused; the others have moved all the same."""

    verb: Verb
    run: Callable[..., list[TransitionResult]]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("ids", nargs="*", type=task_id, metavar="ID")
        add_bulk_options(parser, self.verb)

    def handle(self, **options: Any) -> None:
        if names_filters(options) == bool(options["ids"]):
            raise CommandError("Which tasks? Give ids, or a filter such as --queue, --type or --tenant, or else --all.")
        if options["ids"]:
            if any(options.get(name) for name in FOR_FILTERS):
                raise CommandError("--dry-run, --again, --wait and --try-first are for filters, not for ids.")
            self._by_ids(options)
        else:
            carry_out_for_all(self.verb, self.output, options)

    def _by_ids(self, options: dict[str, Any]) -> None:
        with acting():
            outcomes = self.run(list(dict.fromkeys(options["ids"])))
            reason = {"reason": options["reason"]} if options["reason"] else {}
            for outcome in outcomes:
                if outcome.done:
                    record(f"task.{self.verb}", str(outcome.task_id), was=outcome.was, **reason)
        if options["json"]:
            self.output.json([result_document(outcome) for outcome in outcomes])
        else:
            for outcome in outcomes:
                self.output.line(self._sentence(outcome), style="" if outcome.done else "red")
        refused = sum(not outcome.done for outcome in outcomes)
        if refused:
            raise CommandError(f"{refused} of {len(outcomes)} refused.")

    def _sentence(self, outcome: TransitionResult) -> str:
        if not outcome.done:
            return f"{outcome.task_id} refused: {outcome.reason}"
        if outcome.status == Status.LEASED:
            return f"{outcome.task_id} is running: its worker is asked to stop"
        was = f" (was {outcome.was})" if outcome.was != outcome.status else " already"
        return f"{outcome.task_id} is {outcome.status}{was}"
