"""How much of each list is refused as free text."""

from pathlib import Path

import pytest

from configapp.validation import Refused
from configapp.validation.injection.check import check_injection

LISTS = Path(__file__).parent / "lists"


def lines_of(name):
    lines = (LISTS / f"{name}.txt").read_text().split("\n")
    return [line for line in lines if line]


def is_refused(line):
    try:
        check_injection(line, free_text=True)
    except Refused:
        return True
    return False


@pytest.mark.parametrize(
    ("name", "at_least", "lowest", "highest"),
    [
        ("postgresql", 200, 100, 100),
        ("browser", 200, 100, 100),
        ("any_database", 500, 65, 100),
        ("xss", 350, 90, 100),
        ("prose", 400, 0, 0),
        ("honest", 1000, 0, 0),
    ],
)
def test_attacks_are_refused_and_honest_text_is_not(name, at_least, lowest, highest, report_rate):
    lines = lines_of(name)
    assert len(set(lines)) == len(lines) >= at_least
    refused = [line for line in lines if is_refused(line)]
    rate = 100 * len(refused) / len(lines)
    report_rate(f"{name:14} {len(lines):5} lines: {rate:.2f} % refused (goal {lowest} to {highest} %)")
    assert lowest <= rate <= highest, set(lines) - set(refused) if highest == 100 else refused
