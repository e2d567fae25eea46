"""Marks: lines in a file that say which body started and ended when, and that outlive any kill."""

import os
import time
from collections import Counter
from pathlib import Path

BODY_SECONDS = 0.005


def leave(path: str, word: str, number: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(file, f"{word} {number} {time.time()}\n".encode())
    os.close(file)


def work(path: str, number: int) -> None:
    """Five milliseconds of work that tells when it started and that it ended."""
    leave(path, "started", number)
    time.sleep(BODY_SECONDS)
    leave(path, "ended", number)


def count(path: Path, word: str) -> Counter[int]:
    """How often each number left that word."""
    return Counter(number for number, _ in _read(path, word))


def times(path: Path, word: str) -> dict[int, float]:
    """When each number last left that word."""
    return dict(_read(path, word))


def _read(path: Path, word: str) -> list[tuple[int, float]]:
    text = path.read_text() if path.exists() else ""
    whole, _, _ = text.rpartition("\n")  # the last line may be half written yet
    words = [line.split() for line in whole.splitlines()]
    return [(int(number), float(at)) for found, number, at in words if found == word]
