"""Scopes: one short transaction for one piece of database work, under one role and tenant.

Tenant and actor, and in `rls` the role, are local to the transaction: no pooled connection can carry them on.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import receiver

from queueapp import conf
from queueapp.errors import ScopeError
from queueapp.models.tenants import MAIN_TENANT, NIL_TENANT
from queueapp.tenancy.roles import Role
from queueapp.tenancy.session import (
    SEARCH_PATH,
    is_staged,
    read_settings,
    setting_statement,
    stage,
    withdraw,
    write_settings,
)

# A worker's transactions besides: short by nature, and planned once and for all. The shape of its statements is known
# (a few rows found through indexes), and statistics of a table that is emptied and filled all day must not change it.
WORKER_SETTINGS = {
    "idle_in_transaction_session_timeout": "5s",  # a process stopped in the middle of a claim must not hold its rows
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}


# How an actor begins: in `single` the transition table goes by it. A worker's or an admin's API key acts on its own
# tenant in a client's role, under its own name.
ACTOR_WORDS = {
    Role.CLIENT: ("client", "worker", "operator"),
    Role.WORKER: ("worker",),
    Role.OPERATOR: ("operator", "system"),
}


@dataclass(frozen=True)
class Scope:
    """What the current transaction of this connection may see, and in whose name it acts.

    Raises ScopeError for an actor that does not begin with a word of its role.
    """

    role: Role
    actor: str
    tenant_id: UUID | None = None
    worker_id: UUID | None = None
    administers: bool = False  # the tenant's keys, members and lowered limits, whose policies ask for it

    def __post_init__(self) -> None:
        _require_actor(self.actor, ACTOR_WORDS[self.role])

    @cached_property
    def settings(self) -> dict[str, str]:
        """What the transaction runs under."""
        own = {
            "taskrunner.tenant_id": str(self.tenant_id or NIL_TENANT),
            "taskrunner.worker_id": str(self.worker_id or ""),
            "taskrunner.actor": self.actor,
        }
        if conf.settings.isolation == "rls":
            own["role"] = self.role.in_database
        if self.administers:
            own["taskrunner.administers"] = "on"
        return own | WORKER_SETTINGS if self.role is Role.WORKER else own

    @cached_property
    def statement(self) -> str:
        """Sets them."""
        return setting_statement(self.settings)


def _require_actor(actor: str, words: Sequence[str]) -> None:
    word, colon, name = actor.partition(":")
    if word not in words or not colon or not name:
        forms = " or ".join(f"`{word}:…`" for word in words)
        raise ScopeError(f"An actor says who it is, here {forms}; got {actor!r:.60}.")


_bound: ContextVar[UUID | None] = ContextVar("bound_tenant", default=None)
_bound_actor: ContextVar[str] = ContextVar("bound_actor", default="client:python")
# by connection, because a scope is a state of one database session: a new thread has a new one, unscoped
_active: WeakKeyDictionary[BaseDatabaseWrapper, Scope] = WeakKeyDictionary()


@contextmanager
def bind_tenant(tenant_id: UUID, *, actor: str = "client:python") -> Iterator[None]:
    """Make a tenant and an actor the defaults of the scopes opened inside. Sends no SQL and holds no connection.

    Raises ScopeError for an actor that does not begin with `client:`.
    """
    _require_actor(actor, ACTOR_WORDS[Role.CLIENT])
    token, actors = _bound.set(tenant_id), _bound_actor.set(actor)
    try:
        yield
    finally:
        _bound.reset(token)
        _bound_actor.reset(actors)


def bind_tenant_of_context(tenant_id: UUID) -> None:
    """As bind_tenant, where the whole context (`Context.run`) is the tenant's, and nothing need be put back."""
    _bound.set(tenant_id)
    _bound_actor.set("client:python")


def bound_tenant() -> UUID:
    """The bound tenant; in `single` the one that there is. Raises ScopeError where none is bound."""
    tenant_id = _bound.get()
    if tenant_id is None and conf.settings.isolation == "single":
        return MAIN_TENANT
    if tenant_id is None:
        raise ScopeError("No tenant is bound: name one, or open `with bind_tenant(id):` around this call.")
    return tenant_id


def current_scope() -> Scope | None:
    """The scope that this thread's connection is in, if any."""
    return scope_of(connections[DEFAULT_DB_ALIAS])


def scope_of(database: BaseDatabaseWrapper) -> Scope | None:
    """The scope that a connection is in, if any."""
    scope = _active.get(database)
    if scope is None or database.in_atomic_block or is_staged(database):
        return scope
    return None  # it was for one statement, which is sent


@contextmanager
def tenant_scope(tenant_id: UUID | None = None, *, actor: str | None = None) -> Iterator[Scope]:
    """Act as a client of one tenant (the bound one, and as the bound actor, by default).

    Works inside a transaction that is already open: its role and tenant come back on exit, so a caller can
    write its own tables, submit, write again, and commit or roll back all of it.
    Raises ScopeError inside another tenant's scope or another role's.
    """
    scope = _scope_of_client(tenant_id or bound_tenant(), actor or _bound_actor.get())
    with _enter(_alone_with_its_tenant(scope)):
        yield scope


@contextmanager
def administrator_scope(tenant_id: UUID, *, actor: str) -> Iterator[Scope]:
    """As tenant_scope, and the tenant's keys, members and lowered limits may be written as well.

    Whoever opens it has made sure that the actor is an administrator of the tenant, or of the platform's staff. The
    database keeps it to that tenant, and refuses the same writes to every other scope of a client.
    """
    with _enter(_alone_with_its_tenant(Scope(Role.CLIENT, actor, tenant_id=tenant_id, administers=True))) as scope:
        yield scope


@contextmanager
def operator_scope(actor: str) -> Iterator[Scope]:
    """Act on all tenants in the name of a person, e.g. `operator:alice`. Raises ScopeError for another actor."""
    _require_actor(actor, ["operator"])  # `system:` is the platform's own
    with _enter(_unnested(Scope(Role.OPERATOR, actor))) as scope:
        yield scope


@contextmanager
def system_scope(component: str) -> Iterator[Scope]:
    """Act on all tenants as a part of the platform itself, e.g. `maintenance`."""
    with _enter(_unnested(Scope(Role.OPERATOR, f"system:{component}"))) as scope:
        yield scope


@contextmanager
def migration_scope(alias: str) -> Iterator[None]:
    """Act as the platform itself on the connection that migrates, which may be another login's than the app's."""
    if alias == DEFAULT_DB_ALIAS:
        with system_scope("migrate"):
            yield
        return
    with transaction.atomic(using=alias):
        write_settings(connections[alias], Scope(Role.OPERATOR, "system:migrate").settings)
        yield


def worker_scope(worker_id: UUID) -> AbstractContextManager[Scope]:
    """Act as a worker: see what is queued and what this worker holds, of all tenants."""
    return _enter(_unnested(_scope_of_worker(worker_id)))


def worker_statement(worker_id: UUID) -> AbstractContextManager[Scope]:
    """As worker_scope, for a block that sends exactly one statement: see one_statement_scope."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.get_autocommit():
        return _OneStatement(database, _scope_of_worker(worker_id))
    return worker_scope(worker_id)


# A scope keeps the statement that sets it, which takes longer to make than to send.
@lru_cache
def _scope_of_worker(worker_id: UUID) -> Scope:
    return Scope(Role.WORKER, f"worker:{worker_id}", worker_id=worker_id)


@lru_cache(maxsize=1024)
def _scope_of_client(tenant_id: UUID, actor: str) -> Scope:
    return Scope(Role.CLIENT, actor, tenant_id=tenant_id)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    """A test changes the isolation level or the roles' names, which kept statements name."""
    if setting == conf.SETTING:
        _scope_of_worker.cache_clear()
        _scope_of_client.cache_clear()


@contextmanager
def ensure_scope(tenant_id: UUID | None = None) -> Iterator[Scope]:
    """The scope that is open, be it a client's or an operator's; else the bound or named tenant's."""
    active = current_scope()
    own_scope = active is not None and active.role is Role.CLIENT and tenant_id in (None, active.tenant_id)
    if active is not None and (active.role is Role.OPERATOR or own_scope):
        yield active  # and with it the actor
    else:
        with tenant_scope(tenant_id) as scope:
            yield scope


@contextmanager
def outside_scopes() -> Iterator[None]:
    """As if the block ran on a connection of its own, without the scope that is open on this one. For tests alone."""
    database = connections[DEFAULT_DB_ALIAS]
    outer = _active.get(database)
    if outer is None:
        yield
        return
    if withdraw(database):  # it would be sent in front of the block's first statement
        write_settings(database, outer.settings)
    del _active[database]
    try:
        yield
    finally:
        _active[database] = outer


def one_statement_scope(tenant_id: UUID | None = None) -> AbstractContextManager[Scope]:
    """As ensure_scope, for a block that sends exactly one statement: one round trip instead of three.

    Where no transaction is open, the settings and the statement travel in one message, and PostgreSQL makes what comes
    in one message a transaction of its own. After it the scope is over: the guard refuses a second statement.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.get_autocommit():
        return _OneStatement(database, _scope_of_client(tenant_id or bound_tenant(), _bound_actor.get()))
    return ensure_scope(tenant_id)


def _alone_with_its_tenant(scope: Scope) -> Scope:
    outer = current_scope()
    if outer is not None and (outer.role, outer.tenant_id) != (scope.role, scope.tenant_id):
        raise ScopeError("A tenant's scope cannot be opened inside another tenant's or another role's.")
    return scope


def _unnested(scope: Scope) -> Scope:
    outer = current_scope()
    if outer is not None and outer.role != scope.role:
        raise ScopeError(f"A scope of {scope.role} cannot be opened inside one of {outer.role}.")
    return scope


@contextmanager
def _enter(scope: Scope) -> Iterator[Scope]:
    database = connections[DEFAULT_DB_ALIAS]
    outer = _active.get(database)
    if outer == scope:  # the same again: nothing to set, and the transaction is the outer one's
        yield scope
        return
    nested = database.in_atomic_block
    with transaction.atomic():
        # marked first, so that the guard lets the scope's own statements pass
        _active[database] = scope
        try:
            previous = read_settings(database, [*scope.settings, SEARCH_PATH]) if nested else {}
            stage(database, scope.statement)
            yield scope
            if not withdraw(database) and nested and not database.needs_rollback:
                # RELEASE SAVEPOINT keeps what was set; a rollback to it restores by itself
                write_settings(database, previous)
        finally:
            withdraw(database)
            if outer is None:
                _active.pop(database, None)
            else:
                _active[database] = outer


class _OneStatement:
    """The scope of a block that sends one statement. A class, since a generator would take longer than all it does."""

    __slots__ = ("_database", "_scope")

    def __init__(self, database: BaseDatabaseWrapper, scope: Scope) -> None:
        self._database, self._scope = database, scope

    def __enter__(self) -> Scope:
        stage(self._database, self._scope.statement)
        _active[self._database] = self._scope
        return self._scope

    def __exit__(self, *_: object) -> None:
        withdraw(self._database)
        _active.pop(self._database, None)
