"""README: its first task is as short as it says and runs as it stands."""

import re

import pytest

from queueapp import handlers
from queueapp.models import Task
from queueapp.tasks.requests import InvalidTask
from queueapp.tenancy import bind_tenant, operator_scope
from tests.clusters import ROOT

PAGE = (ROOT / "README.md").read_text()
SETTINGS, TASK = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture
def tasks_module(monkeypatch, acme):
    """What an app's tasks.py holds after its import."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    module: dict[str, object] = {"__name__": "greetings.tasks"}
    exec(TASK, module)
    with bind_tenant(acme.id):
        yield module


def test_the_first_task_takes_twenty_lines_and_one_import():
    assert len([line for line in TASK.splitlines() if line]) <= 20
    assert TASK.count("from queueapp") == 1
    assert "import queueapp" not in TASK


def test_its_task_is_submitted_and_checked(tasks_module):
    tasks_module["greet"]("Ada")
    with operator_scope("operator:test"):
        assert Task.objects.get(type="greetings.send").params == {"name": "Ada"}
    with pytest.raises(InvalidTask, match=r"params\.name"):
        tasks_module["greet"](7)


def test_the_settings_name_what_the_code_needs(settings):
    (apps,) = re.findall(r"\+= (\[.*\])\n", SETTINGS.splitlines()[1] + "\n")
    assert set(eval(apps)) <= {*settings.INSTALLED_APPS, "django.contrib.postgres"}
