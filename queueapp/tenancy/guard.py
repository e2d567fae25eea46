"""The second layer of `rls`: a statement that names one of our tenant tables outside a scope is refused in Python.

The host's own SQL passes, whatever its columns and tables are called.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from queueapp import conf
from queueapp.db import driver
from queueapp.errors import ScopeError
from queueapp.models import Tenant
from queueapp.tenancy.scopes import scope_of
from queueapp.tenancy.session import send_staged

# What changes tables and rights, and shows no row: migrations, and the flush of a test.
STRUCTURE = re.compile(r"(?:\s|--[^\n]*\n)*(?:create|alter|drop|grant|revoke|comment|truncate|do)\b", re.IGNORECASE)
VIEWS = ("worker_inbox", "taskrunner_acts", "taskrunner_audit", "taskrunner_task_history", "taskrunner_used_partitions")


def tenant_tables() -> frozenset[str]:
    """Tables of ours whose rows belong to a tenant: the tenants, and each model's with a `tenant_id` column."""
    return frozenset(model._meta.db_table for model in _our_models() if model is Tenant or _has_tenant(model))


def _our_models() -> list[type[Model]]:
    """Of the apps that isolate their own tables, as their AppConfig says with `grants_its_own_tables`."""
    return [
        model
        for app in apps.get_app_configs()
        if getattr(app, "grants_its_own_tables", False)
        for model in app.get_models()
    ]


def _has_tenant(model: type[Model]) -> bool:
    return model._meta.managed and any(field.column == "tenant_id" for field in model._meta.fields)


def watch_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of connection_created: from now on a scope's settings go along, and in `rls` statements are watched.

    Whatever the login is, it refuses nothing: the connection may have nothing to do with us.
    """
    if connection.vendor != "postgresql" or connection.alias != DEFAULT_DB_ALIAS:
        return
    wanted = (send_staged,) if conf.settings.isolation == "single" else (require_scope, send_staged)
    for wrapper in wanted:
        if wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)


def require_scope(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper: a statement that names a tenant's table outside a scope raises ScopeError."""
    if scope_of(context["connection"]) is None:
        text = driver.as_text(sql, context["connection"])
        named = _mention_of_tenant_table().search(text)
        if named and not STRUCTURE.match(text):
            raise ScopeError(
                f"{named[1]} holds tenants' rows: open tenant_scope() or operator_scope() around this query."
            )
    return execute(sql, params, many, context)


@cache
def _mention_of_tenant_table() -> re.Pattern[str]:
    """One of our tables where SQL expects a table, so that columns and aliases of any name pass."""
    names = "|".join(sorted([*tenant_tables(), *VIEWS], key=len, reverse=True))
    return re.compile(
        r"(?:\b(?:from|join|into|update|only|table|using|copy)\s+|[,(]\s*)"  # before a table's name
        rf'(?:"?\w+"?\.)?"?({names})"?(?![\w."])',  # and not that of a column's table
        re.IGNORECASE,
    )
