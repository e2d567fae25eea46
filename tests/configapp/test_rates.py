"""How many attacks the rules refuse, and how many honest lines, as free text."""

import hashlib
from pathlib import Path

import pytest

from configapp.validation import Refused
from configapp.validation.injection.check import check_injection

LISTS = Path(__file__).parent / "lists"


def lines_of(name):
    lines = (LISTS / f"{name}.txt").read_text().split("\n")
    return [line for line in lines if line]


def is_held_out(line):
    return hashlib.sha256(line.encode()).digest()[0] % 2 == 0


def is_refused(line):
    try:
        check_injection(line, free_text=True)
    except Refused:
        return True
    return False


def percentage_refused(lines):
    return 100 * sum(map(is_refused, lines)) / len(lines)


@pytest.mark.parametrize(
    ("name", "at_least", "lowest", "highest"),
    [("sql_injection", 500, 97, 100), ("xss", 350, 90, 100), ("honest", 1000, 0, 0.5)],
)
def test_attacks_are_refused_and_honest_text_is_not(name, at_least, lowest, highest, report_rate):
    lines = lines_of(name)
    held_out = [line for line in lines if is_held_out(line)]
    tuned = [line for line in lines if not is_held_out(line)]
    assert len(set(lines)) == len(lines) >= at_least

    rates = {part: percentage_refused(each) for part, each in (("held out", held_out), ("tuned on", tuned))}
    shown = ", ".join(f"{rate:.2f} % refused of {part}" for part, rate in rates.items())
    report_rate(f"{name:14} {len(lines):5} lines: {shown} (goal {lowest} to {highest} %)")
    assert all(lowest <= rate <= highest for rate in rates.values())
