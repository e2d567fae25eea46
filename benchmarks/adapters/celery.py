"""Celery on Redis, with its results in PostgreSQL through django-celery-results."""

import sys
from typing import Any

from celery import Celery
from django.apps import apps
from django.core.management import call_command

from benchmarks.adapters import peer

app = Celery("bench", broker=peer.REDIS_URL.replace("unix://", "redis+socket://"), backend="django-db")
app.conf.broker_connection_retry_on_startup = True
if peer.BETTER:
    app.conf.worker_prefetch_multiplier = 64

bodies = {name: app.task(getattr(peer, name), name=name) for name in ("noop", "clock", "job")}


class CeleryPeer(peer.Peer):
    def prepare(self) -> None:
        call_command("migrate", verbosity=0)

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for each in arguments:
            bodies[body].delay(*each)

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        with app.amqp.producer_pool.acquire(block=True) as producer:
            for each in arguments:
                bodies[body].apply_async(each, producer=producer)

    def worker_commands(self) -> list[list[str]]:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"] if peer.BETTER else []
        return [[sys.executable, "-m", "celery", "-A", "benchmarks.adapters.celery", "worker", "-c", "4", *quiet]]

    def done(self) -> int:
        results = apps.get_model("django_celery_results", "TaskResult")  # not at import: Celery sets Django up later
        return results.objects.filter(status="SUCCESS").count()

    def held(self) -> int:
        with app.connection_for_read() as connection:
            redis = connection.default_channel.client
            return redis.llen("celery") + redis.hlen("unacked")


PEER = CeleryPeer()
