"""docs/schedules.md: its declarations and commands run as they stand, and its table of changed clocks is true."""

import re
import shlex
from datetime import UTC, datetime
from itertools import islice

import pytest
from django.core.management import call_command

from queueapp import Cron, handlers, task
from queueapp.models import Schedule, Tenant
from queueapp.schedules.declared import reconcile
from queueapp.schedules.slots import CATCH_UP_MOST, MOST_AT_ONCE
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT
from tests.docs.test_python import python_blocks

PATH = ROOT / "docs" / "schedules.md"
PAGE = PATH.read_text()


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))


def test_what_code_declares_becomes_schedules(registry, acme, globex):
    exec(python_blocks(PATH)[0], {"__name__": "shop.tasks"})
    with operator_scope("operator:test"):
        reconcile()
        rows = {row.name: row for row in Schedule.objects.select_related("tenant")}
    assert set(rows) == {"shop.tidy", "shop.report", "poll-acme", "poll-globex"}
    assert (rows["shop.report"].timezone, rows["shop.report"].overlap) == ("Europe/Berlin", "skip")
    assert {rows[f"poll-{slug}"].tenant.slug for slug in ("acme", "globex")} == {"acme", "globex"}


@pytest.mark.parametrize(
    ("expression", "zone", "midnight", "words"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-29T00:30", "01:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00", "00:30"),
        ("*/30 * * * *", "America/New_York", "2026-11-01T04:30", "05:00, 05:30, 06:00, 06:30"),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T15:00", "15:30 of the 3rd"),
    ],
)
def test_the_table_of_changed_clocks_is_true(expression, zone, midnight, words):
    assert words in PAGE
    times = re.findall(r"\d\d:\d\d", words)
    after = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    assert [f"{slot:%H:%M}" for slot in islice(Cron(expression, zone).slots(after), len(times))] == times


def test_its_commands_do_what_they_say(registry, acme, capsys):
    task("reports.build")(_build)
    with operator_scope("operator:test"):
        Tenant.objects.create(slug="demo", name="Demo")
    commands = re.findall(r"^\$ manage\.py (.*?)(?:  +#.*)?$", PAGE, re.M)
    assert len(commands) == 4
    for command in commands:
        call_command(*shlex.split(command), *(["--tenant", "demo"] if "nightly" in command else []))
    printed = capsys.readouterr().out
    assert "nightly: At 03:00 every day (Europe/Berlin); next: " in printed
    assert printed.endswith("nightly is paused.\n")


def test_its_figures_are_those_of_the_code():
    assert f"the last {CATCH_UP_MOST:,} fire, {MOST_AT_ONCE} of a schedule at a time" in PAGE


def _build(days: int) -> None: ...
