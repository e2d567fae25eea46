"""Log lines without secrets: every handler of this process formats a masked copy of each record.

The record itself stays as it is, for whoever else looks at it (error trackers, tests).
"""

import copy
import logging
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

from queueapp.log_fields import all_handlers
from queueapp.redaction import MASK, SECRET_NAME, is_plain, masked, masked_text

# what every record has; all else came with `extra`
USUAL = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "taskName"}
HARMLESS = (UUID, int, float)

_known_secrets: Callable[[], Collection[str]] = tuple


def mask_logs(known_secrets: Callable[[], Collection[str]] | None = None) -> None:
    """Mask what the handlers of all loggers write from now on, and with it the secrets that are known just then."""
    global _known_secrets
    _known_secrets = known_secrets or _known_secrets
    for handler in all_handlers():
        if not isinstance(handler.formatter, MaskingFormatter):
            handler.setFormatter(MaskingFormatter(handler.formatter or logging.Formatter()))


class MaskingFormatter(logging.Formatter):
    """Has another formatter write a copy of the record without its secrets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return self._inner.format(masked_record(record, _known_secrets()))


def masked_record(record: logging.LogRecord, known: Collection[str] = ()) -> logging.LogRecord:
    """A copy without secrets. What holds none is the same object: formatters may look into it."""
    if _surely_holds_none(record, known):
        return record
    shown = copy.copy(record)
    _mask_message(shown, known)
    _mask_traceback(shown, known)
    if shown.stack_info:
        shown.stack_info = masked_text(shown.stack_info, known)
    for name, value in record.__dict__.items():
        if name not in USUAL and value is not None:
            shown.__dict__[name] = MASK if _is_secret_name(name) else _masked_extra(value, known)
    return shown


def _surely_holds_none(record: logging.LogRecord, known: Collection[str]) -> bool:
    """Whether no secret is in a record, as in nearly every one: all its texts at once take half the time."""
    if record.args or record.exc_info or record.exc_text or record.stack_info or not isinstance(record.msg, str):
        return False
    texts = [record.msg]
    for name, value in record.__dict__.items():
        if name in USUAL or value is None:
            continue
        if _is_secret_name(name):
            return False
        if isinstance(value, str):
            texts.append(value)
        elif not isinstance(value, HARMLESS):
            return False
    return is_plain(texts, known)


@lru_cache(1_000)
def _is_secret_name(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def _mask_message(record: logging.LogRecord, known: Collection[str]) -> None:
    try:
        message = record.getMessage()
    except Exception:  # arguments that do not fit: logging would print them as they are
        message = f"{record.msg} {record.args}"
        record.msg, record.args = masked_text(message, known), None
        return
    if isinstance(record.msg, dict):  # some formatters write it as fields
        record.msg = masked(record.msg, known)
    elif (shown := masked_text(message, known)) != message:
        with suppress(Exception):  # formatters of access logs read the arguments, so those stay if they can
            arguments = tuple(masked(each, known) for each in record.args or ())
            if str(record.msg) % arguments == shown:
                record.args = arguments
                return
        record.msg, record.args = shown, None


def _mask_traceback(record: logging.LogRecord, known: Collection[str]) -> None:
    if not record.exc_info and not record.exc_text:
        return
    try:
        text = record.exc_text or "".join(traceback.format_exception(*record.exc_info)).rstrip()  # type: ignore[misc]
        shown = masked_text(text, known)
    except BaseException:  # of what the error is made of, which is a handler's own code
        text, shown = "", "The traceback cannot be shown."
    if shown != text:
        record.exc_info, record.exc_text = None, shown


def _masked_extra(value: Any, known: Collection[str]) -> Any:
    """What JSON has is masked part by part; of anything else formatters write the text."""
    if isinstance(value, HARMLESS):  # as most of what the platform's own lines bring
        return value
    with suppress(Exception):  # of its text, or of its depth
        if isinstance(value, str | dict | list | tuple):
            return masked(value, known)
        text = str(value)
        shown = masked_text(text, known)
        return value if shown == text else shown
    return MASK
