"""The schedules that code declares (`@task(schedule=…)`), made rows after a migrate and at the start of a cluster.

What is declared no more rests and is not deleted: while clusters are replaced, old ones know less than new ones.
"""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from queueapp import conf
from queueapp.errors import InvalidValue
from queueapp.handlers import Handler, registered_handlers
from queueapp.hooks import JobResult, maintenance_job
from queueapp.models import Schedule, Tenant
from queueapp.models.base import Now
from queueapp.models.tenants import MAIN_TENANT_SLUG, SYSTEM_TENANT_SLUG
from queueapp.schedules.acts import record
from queueapp.schedules.requests import TIMINGS, parse_schedule, timing_columns
from queueapp.schedules.service import add, from_now_on, locked, revise
from queueapp.timing import Scheduled
from queueapp.validation import field_errors

logger = logging.getLogger(__name__)

ONCE = float("inf")


def reconcile() -> int:
    """Make the table say what the code says; returns how many schedules changed. Needs an operator's scope."""
    tenants = dict(Tenant.objects.values_list("slug", "id"))
    rows = locked(Schedule.objects.filter(declared_by_code=True).order_by("id"))
    left = {(row.tenant.slug, row.name): row for row in rows}
    changed = 0
    for slug, columns in declarations():
        row = left.pop((slug, columns["name"]), None)
        if slug not in tenants:
            _warn(columns["name"], f"there is no tenant {slug!r}")
        elif row is None:
            changed += _declare(tenants[slug], columns)
        else:
            changed += _declare_again(row, columns)
    return changed + sum(_undeclare(row) for row in left.values())


def declarations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schedule that handlers declare, as its columns, once for the slug of each tenant that it is for."""
    default = MAIN_TENANT_SLUG if conf.settings.isolation == "single" else SYSTEM_TENANT_SLUG
    for handler in registered_handlers():
        for each in handler.schedules:
            for slug in (default,) if each.tenants is None else each.tenants:
                yield slug, _columns(handler, each)


def faults_of_declarations() -> list[str]:
    """What is wrong with declarations, as far as that can be known without a database."""
    faults = []
    for handler in registered_handlers():
        for each in handler.schedules:
            columns = _columns(handler, each)
            try:
                parse_schedule(columns)
                handler.params.model_validate(columns["params"])
            except InvalidValue as error:
                faults.append(f"The schedule {columns['name']!r} of {handler.type!r}: {error}")
            except ValidationError as error:
                words = "; ".join(f"{each.field}: {each.message}" for each in field_errors(error, "params."))
                faults.append(f"The schedule {columns['name']!r} of {handler.type!r}: {words}")
    return faults


@maintenance_job("schedules_declared", every_seconds=ONCE)
def reconcile_at_start() -> JobResult:
    """Once a cluster: code may change without a migrate."""
    return JobResult(reconcile())


def _columns(handler: Handler, declaration: Scheduled) -> dict[str, Any]:
    return {
        "name": declaration.name or handler.type,
        "type": handler.type,
        "params": dict(declaration.params),
        "options": dict(declaration.options),
        "missed": declaration.missed,
        "overlap": declaration.overlap,
        **timing_columns(declaration.when),
    }


def _declare(tenant_id: UUID, columns: dict[str, Any]) -> bool:
    schedule = Schedule(tenant_id=tenant_id, declared_by_code=True, **columns)
    if not add(schedule):
        _warn(columns["name"], "a person's schedule has this name")
        return False
    record(schedule, "declare", **columns)
    return True


def _declare_again(row: Schedule, columns: dict[str, Any]) -> bool:
    changes = {name: value for name, value in columns.items() if value != getattr(row, name)}
    if not changes and row.undeclared_at is None:
        return False
    record(row, "declare", **changes)
    if row.undeclared_at is not None or changes.keys() & {*TIMINGS, "timezone"}:
        changes |= from_now_on(Schedule(**columns), row.decided_until)
    revise(row, **changes, undeclared_at=None)
    return True


def _undeclare(row: Schedule) -> bool:
    if row.undeclared_at is not None:
        return False
    record(row, "undeclare")
    revise(row, undeclared_at=Now())
    return True


def _warn(name: str, fault: str) -> None:
    logger.warning("schedule not declared: %s: %s", name, fault, extra={"event": "schedule_not_declared"})
