"""The line that a long-running process writes when it starts: what it is, and how it is set."""

import logging
import platform
from typing import Any

import django
from django.db import DEFAULT_DB_ALIAS, connections

from queueapp import __version__, conf
from queueapp.artifacts import object_store
from queueapp.tenancy.logins import server_version

logger = logging.getLogger(__name__)

# How it limits and keeps, and where it tells itself apart. No address and nothing else that may hold a secret.
SETTINGS = (
    "isolation",
    "prefix",
    "tasks_per_minute",
    "max_batch_size",
    "task_max_runtime_seconds",
    "task_max_artifact_mb",
    "task_retention_days",
    "task_log_retention_days",
)


def log_database() -> None:
    """That the database answers, and which it is. Raises OperationalError where it does not."""
    version = server_version(connections[DEFAULT_DB_ALIAS])
    logger.info("database answers", extra={"event": "db_connection_ok", "postgresql": version})


def log_startup(event: str, message: str, **about: Any) -> None:
    """That this process starts or is ready; `about` is what it alone can tell."""
    versions = {"version": __version__, "django": django.get_version(), "python": platform.python_version()}
    settings = {name: getattr(conf.settings, name) for name in SETTINGS}
    store = "shared" if object_store.is_shared() else "directory"
    logger.info(message, extra={"event": event, **versions, **settings, "artifact_store": store, **about})
