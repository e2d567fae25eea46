"""Where django-q2 keeps what is queued: rows of its table OrmQ, or lists of a Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import redis
from django.apps import apps
from django.db import transaction

from queueapp import clock
from queueapp.errors import FieldError, InvalidValue

PAGE = 500
OTHER_BROKERS = ("broker_class", "iron_mq", "sqs", "mongo", "django_redis")


@dataclass(frozen=True, slots=True)
class Queued:
    """`busy_until`: a cluster has taken it, and may be running it. `key` is the source's own name for it."""

    key: Any
    text: str
    busy_until: datetime | None = None


class Source(Protocol):
    def waiting(self) -> Iterator[Queued]: ...

    @contextmanager
    def taking(self, queued: Queued) -> Iterator[bool]:
        """A block in which nobody else takes it, and after which it is gone; False where it was taken meanwhile."""


def source_of(q_cluster: dict[str, Any]) -> Source:
    """Raises InvalidValue for a broker that is not read."""
    if others := [name for name in OTHER_BROKERS if q_cluster.get(name)]:
        message = "queued tasks are read from the ORM broker and from a Redis, and not from this one"
        raise InvalidValue([FieldError(f"Q_CLUSTER[{others[0]!r}]", "unknown_broker", message)])
    if q_cluster.get("orm"):
        return OrmSource(q_cluster["orm"])
    prefix = q_cluster.get("name", "default")
    return RedisSource(q_cluster.get("redis") or {}, prefix, [prefix, *_other_clusters(q_cluster)])


def _other_clusters(q_cluster: dict[str, Any]) -> list[str]:
    names = [q_cluster.get("cluster_name"), *(q_cluster.get("ALT_CLUSTERS") or {})]
    return [name for name in names if name]


class OrmSource:
    def __init__(self, alias: str) -> None:
        self._rows = apps.get_model("django_q", "OrmQ").objects.using(alias)
        self._alias = alias

    def waiting(self) -> Iterator[Queued]:
        last = 0
        while page := list(self._rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
            for row in page:
                busy = row.lock is not None and row.lock > clock.now()
                yield Queued(row.pk, row.payload, row.lock if busy else None)
            last = page[-1].pk

    @contextmanager
    def taking(self, queued: Queued) -> Iterator[bool]:
        with transaction.atomic(using=self._alias):
            row = self._rows.select_for_update(skip_locked=True).filter(pk=queued.key).first()
            is_free = row is not None and (row.lock is None or row.lock <= clock.now())
            yield is_free
            if is_free:
                row.delete()


class RedisSource:
    """A cluster takes from the same lists, and could not be told from us: none may be running."""

    def __init__(self, server: str | dict[str, Any], prefix: str, clusters: list[str]) -> None:
        self._redis = redis.from_url(server) if isinstance(server, str) else redis.Redis(**server)
        self._prefix = prefix
        self._is_alone = False
        self._lists = [f"django_q:{name}:q" for name in dict.fromkeys(clusters)]

    def waiting(self) -> Iterator[Queued]:
        for name in self._lists:
            for each in self._redis.lrange(name, 0, -1):
                yield Queued(name, each if isinstance(each, str) else each.decode("utf-8", "replace"))

    @contextmanager
    def taking(self, queued: Queued) -> Iterator[bool]:
        if not self._is_alone:  # asked once: to ask looks through the whole server
            self._require_no_cluster()
        yield True
        self._redis.lrem(queued.key, 1, queued.text)

    def _require_no_cluster(self) -> None:
        beats = self._redis.scan_iter(
            f"django_q:{self._prefix}:cluster:*", count=1000
        )  # gone three seconds after a stop
        if next(beats, None) is not None:
            message = "a cluster of django-q2 is running: stop it, and what it has taken ends first"
            raise InvalidValue([FieldError("Q_CLUSTER['redis']", "cluster_running", message)])
        self._is_alone = True
