"""django-q2's qcluster, serving tasks from PostgreSQL under a supervisor."""

import atexit
import json
import os
import sys
from multiprocessing import Event
from typing import Any, NoReturn

from django.core.management.base import CommandError, CommandParser
from django_q.management.commands.qcluster import Command as QCluster

from queueapp import conf
from queueapp.claiming import Capabilities
from queueapp.management.arguments import patterns, whole_number
from queueapp.management.base import database_errors_in_words
from queueapp.management.reload import Reloader
from queueapp.models import Queue
from queueapp.startup import log_database, log_startup
from queueapp.tenancy import system_scope
from queueapp.tenancy.logins import refuse_unsafe_login
from queueapp.worker.processes.shared_memory import ClusterMemory
from queueapp.worker.processes.supervisor import Supervisor


class Command(QCluster):  # type: ignore[misc]
    help = "Runs workers for the named queues until SIGTERM or Ctrl-C, then drains."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", help="Comma-separated; all queues by default.")
        parser.add_argument(
            "--categories", type=patterns, default="*", help="Comma-separated types or patterns such as `X.*`."
        )
        parser.add_argument("--capabilities", default="{}", help='JSON, e.g. \'{"region": "eu-west-1"}\'.')
        parser.add_argument("--workers", type=whole_number(1, 64), default=conf.settings.worker_processes)
        parser.add_argument(
            "--drain-seconds",
            type=whole_number(0, 3600),
            default=conf.settings.drain_seconds,
            help="How long running tasks may go on after SIGTERM or Ctrl-C; then they are interrupted and released.",
        )
        parser.add_argument("--strategy", choices=Queue.Strategy.values, help="Overrides the queues' own.")
        parser.add_argument(
            "--reload", action="store_true", help="For development: start again whenever a source file changes."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reload"]:
            Reloader().run()
            return
        capabilities = Capabilities(
            queues=_known_queues(options["queues"]),
            categories=options["categories"],
            properties=_properties(options["capabilities"]),
        )
        memory = _shared_memory(options["workers"])
        log_startup("cluster_startup", "starting", **_told(capabilities, options))
        Supervisor(
            capabilities,
            memory,
            drain_seconds=options["drain_seconds"],
            strategy=options["strategy"],
        ).run()
        _exit()


def _told(capabilities: Capabilities, options: dict[str, Any]) -> dict[str, Any]:
    """What the cluster's first line says of it; its workers say themselves when they are ready."""
    return {
        "queues": list(capabilities.queues) if capabilities.queues else "all",
        "categories": list(capabilities.categories),
        "capabilities": capabilities.properties,
        **{name: options[name] for name in ("workers", "drain_seconds", "strategy")},
    }


def _exit() -> NoReturn:
    """At once: Python takes longer to tear itself down than an idle cluster to drain, and a thread may hang."""
    atexit._run_exitfuncs()  # what others have registered, logging among them
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _shared_memory(workers: int) -> ClusterMemory:
    try:
        Event()  # as django-q2 makes them: a semaphore of the kernel
        return ClusterMemory(workers)
    except OSError as error:
        raise CommandError(
            f"The processes of a cluster share memory in /dev/shm, which cannot be used: {error.strerror}."
            " Mount a writable tmpfs there (docker run --tmpfs /dev/shm)."
        ) from error


def _known_queues(wanted: str | None) -> tuple[str, ...] | None:
    """None without `--queues`: all, those added later too."""
    with database_errors_in_words():
        refuse_unsafe_login()
        log_database()
        with system_scope("qcluster"):
            known = tuple(Queue.objects.values_list("name", flat=True))
    if not wanted:
        return None
    queues = tuple(wanted.split(","))
    missing = sorted(set(queues) - set(known))
    if missing:
        raise CommandError(
            f"No queue {', '.join(missing)}. There are: {', '.join(known)}. Add one: manage.py queues add NAME"
        )
    return queues


def _properties(text: str) -> dict[str, Any]:
    try:
        properties = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--capabilities is not JSON: {error}") from None
    if not isinstance(properties, dict):
        raise CommandError("--capabilities must be a JSON object")
    return properties
