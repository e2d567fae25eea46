"""Imports go one way: down the layers of DESIGN, without cycles, and at the top of the file."""

import pytest

from tests.architecture.layers import breaks_the_map, cycle_in, is_ours
from tests.architecture.source import Import, Module, imports_of, modules

KNOWN = frozenset(modules())
IMPORTS = {name: imports_of(module, KNOWN) for name, module in modules().items()}


def test_every_arrow_points_down():
    wrong = [
        f"{name}:{each.line} imports {each.target}"
        for name, found in IMPORTS.items()
        for each in found
        if is_ours(each.target) and breaks_the_map(name, each.target)
    ]
    assert wrong == []


def test_there_is_no_cycle():
    assert cycle_in(IMPORTS) is None


def test_packages_are_in_no_circle_either():
    """Where two parts of an app know each other, neither can be read by itself."""
    between: dict[str, list[Import]] = {}
    for name, found in IMPORTS.items():
        targets = [part_of(each.target) for each in found if is_ours(each.target) and "." in each.target]
        between.setdefault(part_of(name), []).extend(Import(target, 0, False) for target in targets)
    assert cycle_in(between) is None


def part_of(module):
    """The part of an app that a module belongs to, e.g. queueapp.worker."""
    return ".".join(module.split(".")[:2])


def test_our_code_is_imported_at_the_top_of_the_file():
    # AppConfig.ready is where Django wants imports that need the models; the front door opens before the apps are
    # ready, and so does what it gives a task function, and the backend of django.tasks
    front_door = ("queueapp", "queueapp.typed.function", "queueapp.contrib.django_tasks.backend")
    wrong = [
        f"{name}:{each.line} imports {each.target}"
        for name, found in IMPORTS.items()
        for each in found
        if each.in_function and is_ours(each.target) and not name.endswith(".apps") and name not in front_door
    ]
    assert wrong == []


def test_few_know_django_q():
    importers = {
        name: len(lines)
        for name, found in IMPORTS.items()
        if (lines := [each.line for each in found if each.target.split(".")[0] == "django_q"])
    }
    others = {
        name: lines
        for name, lines in importers.items()
        if not name.startswith("queueapp.worker") and name != "queueapp.management.commands.qcluster"
    }
    assert all(name.startswith("queueapp.admin") for name in others), others
    assert sum(others.values()) <= 1


@pytest.mark.parametrize(
    ("module", "target", "wrong"),
    [
        ("queueapp.tenancy.scopes", "queueapp.models.tenants", False),
        ("queueapp.models.tenants", "queueapp.tenancy", True),
        ("queueapp.tasks.transitions", "queueapp.redis.notifier", False),
        ("queueapp.tasks.transitions", "queueapp.worker.processes.broker", True),
        ("queueapp.states", "queueapp.models", True),
        ("queueapp.models.tasks", "configapp.apps", True),
        ("workloads.runner", "configapp.apps", True),
        ("taskrunner.urls", "workloads.runner", False),
        ("workloads.runner", "taskrunner.settings", True),
    ],
)
def test_the_map_tells_up_from_down(module, target, wrong):
    assert breaks_the_map(module, target) is wrong


def test_a_part_of_queueapp_without_a_layer_is_named():
    with pytest.raises(LookupError, match=r"queueapp\.novelty"):
        breaks_the_map("queueapp.novelty", "queueapp.states")


def test_a_ring_of_imports_is_found():
    ring = {"a": [Import("b", 1, False)], "b": [Import("c", 1, False)], "c": [Import("a", 1, False)]}
    assert sorted(set(cycle_in(ring) or [])) == ["a", "b", "c"]


def test_imports_are_read_wherever_they_stand():
    text = (
        "import os\n"
        "from queueapp.db import statements, nothing\n"
        "def f():\n"
        "    from queueapp.models import Task\n"
        "    import_module('queueapp.receivers')\n"
    )
    assert imports_of(Module("x", text), frozenset({"queueapp.db.statements"})) == [
        Import("os", 1, False),
        Import("queueapp.db.statements", 2, False),
        Import("queueapp.db", 2, False),
        Import("queueapp.models", 4, True),
        Import("queueapp.receivers", 5, True),
    ]
