"""Queries of runs: was this done before, when, and with which result."""

from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp.db import statements
from queueapp.models import Run
from queueapp.tenancy import bound_tenant, ensure_scope


def latest_run_for_key(key: str, *, tenant_id: UUID | None = None) -> Run | None:
    """The run of a key that started last, of the tenant named or bound."""
    with ensure_scope(tenant_id) as scope:
        # named in the query too, since an operator's scope does not narrow to a tenant
        owner_id = tenant_id or scope.tenant_id or bound_tenant()
        return Run.objects.filter(tenant_id=owner_id, run_key=key).order_by("-id").first()


def has_been_processed(
    key: str, scope: str | None = None, *, tenant_id: UUID | None = None
) -> tuple[bool, datetime | None]:
    """Whether the latest run of `scope:key`, or of the key by itself, was completed; and when it ended, if it has."""
    run = latest_run_for_key(f"{scope}:{key}" if scope else key, tenant_id=tenant_id)
    if run is None:
        return False, None
    return run.status == Run.Status.COMPLETED and run.finished_at is not None, run.finished_at


def reusable_result(tenant_id: UUID, key: str, seconds: float) -> tuple[UUID, dict[str, Any]] | None:
    """The latest run of a key, with its task's result, if it was completed in these last seconds.

    None also where the result is not a JSON object, or names an artifact that is gone.
    """
    with ensure_scope(tenant_id):
        rows = statements.rows("reusable_result", {"tenant_id": tenant_id, "run_key": key, "seconds": seconds})
    return (rows[0]["run_id"], rows[0]["result"]) if rows else None
