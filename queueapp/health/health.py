"""What load balancers, orchestrators and monitors ask. Needs no key, and so tells no more than a word for each part."""

from datetime import timedelta
from functools import cache

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from queueapp import clock
from queueapp.artifacts import object_store
from queueapp.health.probes import FAILED, OK, UNKNOWN, Probe, ask_all
from queueapp.models import Worker
from queueapp.redis.connections import try_to_write
from queueapp.tasks.queries import WORKER_DEAD_AFTER_SECONDS
from queueapp.tenancy import system_scope


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; says nothing of the servers behind it."""
    return JsonResponse({"status": OK})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Requests can be served: PostgreSQL answers, takes writes, and has every migration of this code. 200 or 503."""
    words = ask_all(NEEDED)
    is_ready = all(word == OK for word in words.values())
    return _answer(is_ready, {"status": OK if is_ready else FAILED, **words})


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Every part. 503 where no task can be accepted; `degraded` where tasks are accepted and some must wait."""
    words = ask_all([*NEEDED, *USED])
    can_accept = all(words[probe.name] == OK for probe in NEEDED)
    is_whole = all(word == OK for word in words.values())
    status = OK if is_whole else "degraded" if can_accept else FAILED
    return _answer(can_accept, {"ok": is_whole, "status": status, **words})


def _answer(good: bool, words: dict[str, bool | str]) -> JsonResponse:
    return JsonResponse(words, status=200 if good else 503, headers={"Cache-Control": "no-store"})


def _look_at_database() -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5s'")
        cursor.execute("SHOW transaction_read_only")
        (takes_no_writes,) = cursor.fetchone() or ("on",)
    return FAILED if takes_no_writes == "on" else OK


def _look_at_migrations() -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5s'")
        cursor.execute("SELECT app, name FROM django_migrations")
        return OK if _migrations() <= set(cursor.fetchall()) else FAILED


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Those that this code brings along."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _look_at_redis() -> str:
    try_to_write()
    return OK


def _look_at_workers() -> str:
    """`unknown` where none was heard lately: there may be none, or they cannot reach the database."""
    with system_scope("health"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5s'")
        heard_since = clock.now() - timedelta(seconds=WORKER_DEAD_AFTER_SECONDS)
        return OK if Worker.objects.filter(stopped_at=None, heartbeat_at__gt=heard_since).exists() else UNKNOWN


def _look_at_artifacts() -> str:
    object_store.check()
    return OK


NEEDED = (Probe("db", _look_at_database), Probe("migrations", _look_at_migrations))
USED = (
    Probe("redis", _look_at_redis),
    Probe("worker", _look_at_workers),
    Probe("artifacts", _look_at_artifacts),
)
