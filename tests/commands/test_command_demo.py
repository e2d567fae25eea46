"""`demo`: the story that `make demo` shows, on a real cluster."""

import re

from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.commands.calling import run


def test_two_hundred_tasks_complete_and_it_says_how_fast(ground):
    with running_cluster(workers=4):
        printed = run("demo")
    assert re.search(r"^completed +200$", printed, re.MULTILINE)
    assert re.search(r"^200 tasks in [0-9.]+ s: [0-9,]+ tasks/s\.$", printed, re.MULTILINE)
    assert '"msg": "hello"' in printed
    assert "waited " in printed
    with operator_scope("operator:test"):
        assert set(Task.objects.values_list("status", flat=True)) == {"completed"}
        assert Task.objects.count() == 201
