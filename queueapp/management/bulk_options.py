"""A verb for all tasks that filters select, on the command line: previewed, or carried out by tasks of the platform."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from pydantic import ValidationError

from queueapp.errors import InvalidValue
from queueapp.management.arguments import check_queue, find_tenant, pattern, whole_number
from queueapp.management.base import acting
from queueapp.management.follow import follow
from queueapp.management.output import Output, rfc3339
from queueapp.operators.bulk import carry_out
from queueapp.states import Status
from queueapp.tasks.bulk import MOST_TRIED, RUNS_AGAIN, BulkParams, Verb
from queueapp.tasks.bulk_preview import MOST_COUNTED, MOST_TENANTS, Preview, preview
from queueapp.tasks.filters import STATUSES, TaskFilter
from queueapp.validation import field_errors

FILTERS = ("status", "type", "queue", "label", "tenant")


def add_bulk_options(parser: CommandParser, verb: Verb) -> None:
    """The options of a verb for all tasks that match; `carry_out_for_all` reads them."""
    parser.add_argument("--status", choices=STATUSES)
    parser.add_argument("--type", type=pattern, metavar="PATTERN", help="a type, or X.* for all below X")
    parser.add_argument("--queue")
    parser.add_argument("--label")
    parser.add_argument("--tenant", metavar="SLUG")
    parser.add_argument("--all", action="store_true", help="all that the verb is for, of all tenants")
    parser.add_argument("--reason", help="kept in the record of what operators did")
    parser.add_argument("--dry-run", action="store_true", help="only say which tasks are meant")
    parser.add_argument("--again", action="store_true", help="although the same was asked for within the last minute")
    parser.add_argument("--wait", action="store_true", help="show the story of the task that does it until it ends")
    if verb in RUNS_AGAIN:
        tried = whole_number(1, MOST_TRIED)
        parser.add_argument("--try-first", type=tried, metavar="N", help="queue so many first, and await their ends")
        parser.add_argument(
            "--go-on-if", type=tried, metavar="N", help="the others follow if so many succeed; default: all"
        )


def names_filters(options: dict[str, Any]) -> bool:
    """Whether the command line selects tasks by filters, or all. Raises CommandError for both."""
    filtered = any(options[name] for name in FILTERS)
    if filtered and options["all"]:
        raise CommandError("Give filters, or else --all.")
    return filtered or bool(options["all"])


def carry_out_for_all(verb: Verb, output: Output, options: dict[str, Any]) -> None:
    """Preview the verb, or submit what does it. Raises CommandError, InvalidValue, BulkUnderWay."""
    params = _params(verb, options)
    with acting():
        check_queue(options["queue"])
        seen = preview(params, tenant=find_tenant(options["tenant"]).slug if options["tenant"] else None)
        if seen.has_too_many_tenants:
            raise CommandError(f"This concerns more than {MOST_TENANTS} tenants: name one with --tenant.")
        submitted = [] if options["dry_run"] else carry_out(params, seen, again=options["again"])
    if options["json"]:
        output.json(_document(seen) if options["dry_run"] else {"tasks": [task.id for task in submitted]})
    elif options["dry_run"] or not seen.tenants:
        _show(seen, output)
    else:
        for share, task in zip(seen.tenants, submitted, strict=True):
            output.line(f"Task {task.id} will {verb} {_count(share.count, seen)} of {share.tenant.slug}.")
    if options["wait"]:
        with output.silenced(options["json"]):
            ends = [follow(task.id, output).status for task in submitted]
        if any(status != Status.COMPLETED for status in ends):
            raise CommandError("Not all of it was done.")


def _params(verb: Verb, options: dict[str, Any]) -> BulkParams:
    filters = {name: options[name] for name in FILTERS if name != "tenant" and options[name] is not None}
    first = {name: options[name] for name in ("try_first", "go_on_if") if options.get(name) is not None}
    try:
        return BulkParams(verb=verb, filter=TaskFilter(**filters), reason=options["reason"], **first)
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None


def _count(count: int, seen: Preview) -> str:
    return f"{count}{' or more' if seen.is_capped else ''} {'task' if count == 1 else 'tasks'}"


def _show(seen: Preview, output: Output) -> None:
    if not seen.tenants:
        output.line("No task matches.")
        return
    total = f"more than {MOST_COUNTED}" if seen.is_capped else seen.total
    output.line(f"{total} as of {rfc3339(seen.as_of)}")
    output.table(("tenant", "tasks"), [[each.tenant.slug, str(each.count)] for each in seen.tenants])
    rows = [[each.queue, str(each.count), str(each.waiting_now), str(each.waiting_after)] for each in seen.queues]
    output.table(("queue", "tasks", "wait now", "wait afterwards"), rows)


def _document(seen: Preview) -> dict[str, Any]:
    queues = [
        {"queue": each.queue, "count": each.count, "waiting_now": each.waiting_now, "waiting_after": each.waiting_after}
        for each in seen.queues
    ]
    tenants = {each.tenant.slug: each.count for each in seen.tenants}
    return {"count": seen.total, "as_of": seen.as_of, "tenants": tenants, "queues": queues}
