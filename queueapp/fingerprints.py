"""Failures of one kind: they come from one place of the code, and differ in numbers, ids and quoted words.

A digest of what they share stands for them; with the task's type it makes the fingerprint (schema/20_tasks.sql).
"""

import hashlib
import re
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path

MAX_TITLE_CHARACTERS = 300
MOST_EXAMINED = 4 * MAX_TITLE_CHARACTERS  # characters of a message: each piece is at most cut to a letter
FINGERPRINT = "^[0-9a-f]{16}$"

VARYING = re.compile(
    r"""(?<!\w)(?:'[^'\n]{0,200}'|"[^"\n]{0,200}"|`[^`\n]{0,200}`)(?!\w)"""  # quoted
    r"|\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"  # uuids
    r"|\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b"  # addresses and hashes
    r"|[0-9]+(?:[.,:][0-9]+)*",
    re.I | re.ASCII,
)
FRAME = re.compile(r'File "([^"\n]+)", line [0-9]+, in (.+)')
INSTALLED = ("site-packages", "dist-packages")
PLATFORM = str(Path(__file__).parent)
STANDARD_LIBRARY = sysconfig.get_path("stdlib")


def title_of(message: str) -> str:
    """A message in one line, with N in place of what varies, at most 300 characters."""
    return " ".join(VARYING.sub("N", message[:MOST_EXAMINED]).split())[:MAX_TITLE_CHARACTERS]


def digest(code: str, message: str, detail: Mapping[str, str] | None = None) -> str:
    """What a failure has in common with others of its kind, in 64 hex digits.

    `detail` is {exception_class, traceback} of what was raised, as it is stored.
    """
    raised = detail or {}
    parts = (raised.get("exception_class", ""), _place(raised.get("traceback", "")), code, title_of(message))
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()


def _place(traceback: str) -> str:
    """The innermost frame of the project's own code, or where there is none, of any: its file and its function."""
    frames: list[tuple[str, str]] = FRAME.findall(traceback)
    own = (frame for frame in reversed(frames) if is_own(frame[0]))
    file, function = next(own, frames[-1] if frames else ("", ""))
    return f"{_without_prefix(file)} {function}"


@cache
def is_own(file: str) -> bool:
    """Whether a frame's file is the project's: neither Python's, nor a library's, nor the platform's."""
    if file.startswith("<") or any(part in INSTALLED for part in file.split("/")):
        return False
    return not file.startswith((f"{PLATFORM}/", f"{STANDARD_LIBRARY}/"))


@cache
def _without_prefix(file: str) -> str:
    """The file as every machine names it: below the longest directory that Python imports from."""
    roots = [f"{root.rstrip('/')}/" for root in sys.path if root and file.startswith(f"{root.rstrip('/')}/")]
    return file[max(map(len, roots)) :] if roots else "/".join(file.split("/")[-3:])
