"""docs/handlers.md, extending.md and django-tasks.md: their other snippets do what stands beside them."""

from contextlib import nullcontext
from types import SimpleNamespace
from uuid import uuid4

import pytest
from pydantic import BaseModel

from queueapp import PermanentFailure, RetryLater, SoftTimeout, conf, handler, handlers, hooks, observers, submit
from queueapp.limits import tenant_limits
from queueapp.models import Task
from queueapp.tenancy import bind_tenant, operator_scope
from queueapp.testing.kit import Kit
from tests.clusters import ROOT
from tests.docs.test_python import python_blocks

PAGES = {name: python_blocks(ROOT / "docs" / f"{name}.md") for name in ("handlers", "extending", "django-tasks")}


@pytest.fixture
def tenant(acme, monkeypatch):
    """acme is bound; what the pages register is gone after the test."""
    for module, name in (
        (handlers, "_handlers"),
        (hooks, "_attempt_hooks"),
        (hooks, "_jobs"),
        (observers, "_observers"),
        (conf, "_sections"),
        (tenant_limits, "_families"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name).copy())
    with bind_tenant(acme.id):
        yield acme
    tenant_limits.limits_model.cache_clear()


def snippet(page, words, **own_code):
    """What the page's block with these words leaves, run in a module with what it calls your own code."""
    (block,) = [block for block in PAGES[page] if words in block]
    module = {"__name__": "own.handlers", **own_code}
    exec(block, module)
    return module


def test_a_handler_with_a_model(tenant):
    sizes = iter([b"small", None])
    snippet("handlers", '@handler("images.thumbnail"', shrink=lambda image, width: next(sizes))
    with pytest.raises(PermanentFailure, match=r"a\.gif is no PNG"):
        Kit().perform("images.thumbnail", {"image": "a.gif"})
    done = Kit().perform("images.thumbnail", {"image": "a.png"})
    assert (done.result, [each.type for each in done.artifacts]) == ({"width": 200}, ["thumbnail"])
    with pytest.raises(RetryLater, match="the image service is busy"):
        Kit().perform("images.thumbnail", {"image": "a.png"})
    snippet("handlers", 'submit("images.thumbnail"')
    with operator_scope("operator:test"):
        assert sorted(Task.objects.values_list("priority", flat=True)) == [5, 5, 7]


def test_a_handler_that_is_told_before_its_time_is_over(tenant):
    def chapters(params):
        yield "one"
        raise SoftTimeout

    params = type("ReportParams", (BaseModel,), {})
    snippet(
        "handlers", '@handler("reports.build"', ReportParams=params, chapters=chapters, render=lambda chapter: [chapter]
    )
    done = Kit().perform("reports.build", {})
    assert (done.result, done.logs[0].message) == ({"pages": 1}, "out of time")


def test_hooks_of_ones_own(tenant):
    told = []
    tracer = SimpleNamespace(start_span=lambda type: told.append(type) or nullcontext())
    statsd = SimpleNamespace(incr=lambda name, number: told.append((name, number)))
    snippet("extending", "around_attempt", tracer=tracer)
    snippet("extending", "on_transition", statsd=statsd)
    handler("own.report", params=type("Params", (BaseModel,), {}), queue="reports")(lambda task, params: 1 / 0)
    submit("own.report", {})
    Kit().drain()
    assert told == [("dead", 0), "own.report", ("dead", 1)]


def test_a_job_of_ones_own(tenant):
    session = SimpleNamespace(
        objects=SimpleNamespace(filter=lambda pk__in: SimpleNamespace(delete=lambda: (len(pk__in), {})))
    )
    module = snippet("extending", "maintenance_job", Session=session, expired_keys=lambda: list(range(1_500)))
    assert module["delete_sessions"]() == (1_000, True)
    assert "sessions_deleted" in hooks._jobs


def test_an_extension_of_the_context(tenant):
    module = snippet("extending", "class Mails")
    handler("own.invite", params=type("Params", (BaseModel,), {}))(module["invite"])
    assert [line.message for line in Kit().perform("own.invite", {}).logs] == ["mail sent"]


def test_settings_and_limits_of_ones_own(tenant, configure):
    module = snippet("extending", "register_limits")
    configure(MAIL={"MAILS_PER_TASK": 50})
    assert conf.faults() == []
    assert module["MailLimits"].of(tenant.id).mails_per_task == 50


def test_a_task_of_djangos_own(tenant):
    """On this Django by the backport, whose names begin with `django_tasks`."""
    first, second = (block.replace("django.tasks", "django_tasks") for block in PAGES["django-tasks"][1:])
    module = {"__name__": f"own{uuid4().hex}.tasks"}
    exec(first, module)
    exec(second, module)
    with operator_scope("operator:test"):
        tasks = Task.objects.order_by("id")
        assert [(task.type.rpartition(".")[2], task.priority) for task in tasks] == [
            ("send_receipt", 15),
            ("charge", 5),
        ]
