"""Tasks are found in the modules `handlers` and `tasks` of every app; what such a module raises stops the start."""

import logging
import sys

import pytest
from django.apps import AppConfig, apps
from django.core.checks import run_checks

from queueapp import submit, task
from queueapp.handlers import find_handler
from queueapp.tasks.diagnosis import why
from queueapp.typed.discovery import import_task_modules
from tests.commands.calling import create_worker


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """An installed app whose module `tasks` has the text."""

    def shop(text):
        package = tmp_path / "a_shop"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "tasks.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in ("a_shop", "a_shop.tasks"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        config = AppConfig.create("a_shop")
        monkeypatch.setattr(apps, "get_app_configs", lambda: [config])

    return shop


def test_the_module_tasks_of_an_app_is_imported_at_the_start():
    assert find_handler("tests.samples.charge").function.__self__.type == "tests.samples.charge"


def test_what_an_app_registers_is_found(shop):
    shop("from queueapp import task\n@task\ndef ship(order: int) -> bool: ...\n")
    import_task_modules()
    assert find_handler("a_shop.ship") is not None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import a_library_that_is_missing", ModuleNotFoundError),
        ("from queueapp import nothing", ImportError),
        ("1 / 0", ZeroDivisionError),
    ],
)
def test_a_module_that_fails_stops_the_start(shop, text, error):
    shop(text)
    with pytest.raises(error):
        import_task_modules()


def test_tasks_for_another_queue_that_is_not_installed_are_left_out(shop, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "celery", None)  # as where it is not installed
    shop("from celery import shared_task")
    with caplog.at_level(logging.WARNING):
        import_task_modules()
    assert [record.getMessage() for record in caplog.records] == ["a_shop.tasks is left out: there is no module celery"]


def test_tasks_for_another_queue_are_imported_where_it_is_installed(shop, monkeypatch):
    shop("from celery import shared_task\n@shared_task\ndef ship(order): ...\n")
    celery = type(sys)("celery")
    celery.shared_task = lambda function: function
    monkeypatch.setitem(sys.modules, "celery", celery)
    import_task_modules()
    assert sys.modules["a_shop.tasks"].ship(1) is None


def test_a_type_that_only_this_process_came_to_know_is_told_of(acme, caplog):
    """Workers do not import views, so its tasks wait: the log, the system check and the diagnosis say so."""

    @task("view.send")
    def send() -> None: ...

    create_worker(queues=["default"])
    assert [record.event for record in caplog.records] == ["late_task_type"]
    assert "view.send" in told_by_the_check()
    assert "not imported at the start" in reasons("view.send")["no_capable_worker"]
    assert "tests.samples.charge" not in told_by_the_check()
    assert "no_capable_worker" not in reasons("sample.greet", {"name": "Ada"})


def told_by_the_check():
    return " ".join(each.msg for each in run_checks(tags=["taskrunner"]) if each.id == "taskrunner.W005")


def reasons(type, params=None):
    return {reason.code: reason.message for reason in why(submit(type, params, tenant="acme"))}
