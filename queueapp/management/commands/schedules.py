"""List schedules, show one, or make, pause, resume, fire or remove it: `schedules add NAME TYPE --cron "0 3 * * *"`."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp import clock
from queueapp.management.arguments import (
    add_task_options,
    default_tenant,
    find_tenant,
    pairs,
    parameter,
    task_options,
)
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.output import seconds
from queueapp.models import Schedule, Tenant
from queueapp.schedules import service
from queueapp.schedules.documents import ScheduleDetailDocument, SlotDocument, outlook, slot_in_words
from queueapp.schedules.requests import parse_schedule
from queueapp.timing import MISSED, OVERLAP

ACTIONS = {
    "show": "its next slots, and what became of the last ones",
    "pause": "fire nothing more of it",
    "resume": "fire it again, from now on",
    "fire": "submit its task now",
    "remove": "delete it; its tasks stay",
}
LAST_SLOTS = 10


class Command(PlatformCommand):
    help = "List schedules with their next slots, or make, pause, resume, fire or remove one."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", help="of the list: all by default")
        actions = parser.add_subparsers(dest="action", metavar=" | ".join(["add", *ACTIONS]))
        add = actions.add_parser("add", help="make one")
        for each in [add, *(actions.add_parser(action, help=text) for action, text in ACTIONS.items())]:
            each.add_argument("name")
            # without defaults, which would undo what stands before the action
            each.add_argument("--tenant", metavar="SLUG", default=SUPPRESS, help=f"default: {default_tenant()}")
            each.add_argument("--json", action="store_true", default=SUPPRESS)
        _add_members(add)

    def handle(self, **options: Any) -> None:
        match options["action"]:
            case None:
                self._list(options)
            case "add":
                self._add(options)
            case "show":
                self._show(options)
            case action:
                self._act(action, options)

    def _list(self, options: dict[str, Any]) -> None:
        with acting():
            schedules = Schedule.objects.select_related("tenant").order_by("tenant__slug", "name")
            if options["tenant"]:
                schedules = schedules.filter(tenant=find_tenant(options["tenant"]))
            found = list(schedules)
        if options["json"]:
            self.output.json([ScheduleDetailDocument.with_slots(each) for each in found])
        elif found:
            headers = ("name", "tenant", "type", "state", "when", "next")
            self.output.table(headers, [_row(each) for each in found])
        else:
            self.output.line("There is no schedule.")

    def _add(self, options: dict[str, Any]) -> None:
        names = ("name", "type", "cron", "every_seconds", "once_at", "timezone", "missed", "overlap")
        given = {name: options[name] for name in names if options[name] is not None}
        params = pairs(options["params"] or [], "A parameter")
        request = parse_schedule({**given, "params": params, "options": task_options(options)})
        with acting():
            made = service.create(find_tenant(options["tenant"]).id, request)
        self._answer(made, options, f"{made.name}: {outlook(made).words}; next: {_next(made)}.")

    def _show(self, options: dict[str, Any]) -> None:
        with acting():
            schedule = _find(options)
            slots = [SlotDocument.of_slot(slot) for slot in schedule.slots.order_by("-id")[:LAST_SLOTS]]
        if options["json"]:
            self.output.json({**ScheduleDetailDocument.with_slots(schedule).model_dump(), "slots": slots})
            return
        words, next_slots = outlook(schedule)
        self.output.line(f"{schedule.name} submits {schedule.type}: {words}. It is {_state(schedule)}.")
        self.output.table(("next slots",), [[slot_in_words(slot, schedule)] for slot in next_slots])
        rows = [
            [slot_in_words(each.slot_at, schedule), each.outcome, str(each.task_id or ""), each.reason]
            for each in slots
        ]
        self.output.table(("last slots", "outcome", "task", "reason"), rows)

    def _act(self, action: str, options: dict[str, Any]) -> None:
        with acting():
            schedule = _find(options)
            match action:
                case "pause":
                    changed, words = service.pause(schedule), "is paused"
                case "resume":
                    changed = service.resume(schedule)
                    words = f"fires again; next: {_next(changed)}"
                case "fire":
                    task = service.fire_now(schedule)
                    changed, words = service.get(schedule.id), f"has submitted task {task.id}"
                case _:
                    service.delete(schedule)
                    changed, words = schedule, "is removed"
        self._answer(changed, options, f"{schedule.name} {words}.")

    def _answer(self, schedule: Schedule, options: dict[str, Any], sentence: str) -> None:
        if options["json"]:
            self.output.json(ScheduleDetailDocument.with_slots(schedule))
        else:
            self.output.line(sentence)


def _add_members(parser: CommandParser) -> None:
    parser.add_argument("type", help="of the tasks, e.g. echo")
    parser.add_argument(
        "--param",
        action="append",
        type=parameter,
        metavar="key=value",
        dest="params",
        help="JSON where it is valid JSON",
    )
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--cron", metavar="EXPRESSION", help='e.g. "0 3 * * MON-FRI"')
    when.add_argument("--every", type=int, metavar="SECONDS", dest="every_seconds")
    when.add_argument("--at", metavar="TIME", dest="once_at", help="once, e.g. 2030-01-31T12:00:00Z")
    parser.add_argument("--timezone", help="of the cron expression, e.g. Europe/Berlin; default: UTC")
    parser.add_argument("--missed", choices=MISSED, help="which missed slots are made up for; default: latest")
    parser.add_argument("--overlap", choices=OVERLAP, help="while the last task has not ended; default: allow")
    add_task_options(parser)


def _find(options: dict[str, Any]) -> Schedule:
    tenant: Tenant = find_tenant(options["tenant"])
    schedule = service.locked(Schedule.objects.filter(tenant=tenant, name=options["name"])).first()
    if schedule is None:
        known = ", ".join(Schedule.objects.filter(tenant=tenant).order_by("name").values_list("name", flat=True)[:20])
        raise CommandError(f"{tenant.slug} has no schedule {options['name']!r}; it has: {known or 'none'}.")
    return schedule


def _row(schedule: Schedule) -> list[str]:
    state = _state(schedule) + (" (by code)" if schedule.declared_by_code else "")
    words = outlook(schedule).words
    return [schedule.name, schedule.tenant.slug, schedule.type, state, words, _next(schedule)]


def _state(schedule: Schedule) -> str:
    if schedule.undeclared_at is not None:
        return "undeclared"
    return "active" if schedule.paused_at is None else "paused"


def _next(schedule: Schedule) -> str:
    if schedule.next_slot_at is None or not schedule.is_active:
        return "none"
    waits = max(0.0, (schedule.next_slot_at - clock.now()).total_seconds())
    return f"{slot_in_words(schedule.next_slot_at, schedule)} (in {seconds(waits)})"
