"""What a line in the log of the process is about: fields that every line gets that is written meanwhile."""

import logging
from collections.abc import Callable, Mapping
from typing import Any


class FieldsFilter(logging.Filter):
    """Adds fields to each record that does not bring them itself.

    A filter of handlers, since what a record factory sets, `extra` may not name: `logger.info(…, extra={"task_id": …})`
    would raise. It passes every record.
    """

    def __init__(self, fields: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self._fields = fields

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in self._fields().items():
            record.__dict__.setdefault(name, value)
        return True


def add_to_handlers(added: logging.Filter) -> None:
    """Add a filter to every handler that any logger of this process has."""
    for handler in all_handlers():
        handler.addFilter(added)


def all_handlers() -> list[logging.Handler]:
    """Every handler that any logger of this process has, and the one that serves loggers without any."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = [handler for logger in loggers for handler in getattr(logger, "handlers", ())]  # a placeholder has none
    return [*handlers, logging.lastResort] if logging.lastResort else handlers
