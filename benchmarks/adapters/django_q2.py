"""Stock django-q2, its tasks in Redis or in the database as the settings say; every outcome kept in PostgreSQL."""

import sys
from typing import Any

from django.core.management import call_command
from django_q.brokers import get_broker
from django_q.models import Success
from django_q.tasks import async_task

from benchmarks.adapters.peer import Peer


class DjangoQ2(Peer):
    def prepare(self) -> None:
        call_command("migrate", verbosity=0)

    def submit(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        for each in arguments:
            async_task(f"benchmarks.adapters.peer.{body}", *each)

    def submit_in_bulk(self, body: str, arguments: list[tuple[Any, ...]]) -> None:
        broker = get_broker()  # one connection for all
        for each in arguments:
            async_task(f"benchmarks.adapters.peer.{body}", *each, broker=broker)

    def worker_commands(self) -> list[list[str]]:
        return [[sys.executable, "-m", "django", "qcluster"]]

    def done(self) -> int:
        return Success.objects.count()

    def held(self) -> int:
        return get_broker().queue_size() + (get_broker().lock_size() or 0)  # Redis knows no locks


PEER = DjangoQ2()
