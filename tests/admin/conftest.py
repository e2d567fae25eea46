"""Staff with more and with fewer rights, and one row of everything."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from configapp.changes import submit_change
from configapp.custom_keys import save_custom_key
from configapp.keyspec import KeySpec, Kind
from queueapp.models import OperatorAction, Route, Run, RunMetric, RunNote, Schedule, SecurityEvent, Worker
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, tenant_scope, worker_scope
from tests.configapp.applying import ConfigWorker
from workloads.fetch.models import FetchedPage


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root(clean_database):
    """A client of the superuser `root`."""
    return signed_in(User.objects.create_superuser("root"))


@pytest.fixture
def watcher(clean_database):
    """A client of a member of staff who may look at everything and change nothing."""
    user = User.objects.create_user("watcher", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return signed_in(user)


@pytest.fixture
def task_operator(clean_database):
    """A client of a member of staff who may operate tasks, and nothing else."""
    user = User.objects.create_user("olivia", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_task", "change_task")))
    return signed_in(user)


@pytest.fixture
def make_worker(clean_database):
    def make(**fields):
        worker_id = fields.pop("id", new_id())
        with worker_scope(worker_id):
            process = {"cluster_id": new_id(), "host": "box", "pid": 7, "machine": "elsewhere", "start_ticks": 1}
            return Worker.objects.create(id=worker_id, **{**process, "queues": ["default"], **fields})

    return make


@pytest.fixture
def one_of_everything(acme, acme_viewer, make_task, make_worker):
    """At least one row of every table that has pages."""
    task = make_task(status="leased", worker_id=make_worker().id)
    Group.objects.create(name="night shift")
    with operator_scope("operator:test"):
        Route.objects.create(pattern="echo.*", queue_id="default")
        SecurityEvent.objects.create(actor="client:x", event="not_visible", tenant_id=acme.id)
        OperatorAction.objects.create(actor="operator:test", action="test", target="x")
        Schedule.objects.create(tenant=acme, name="nightly", type="echo", cron="0 3 * * *")
        run = Run.objects.create(tenant=acme, task=task, attempt=1, run_key="k")
        RunMetric.objects.create(tenant=acme, run=run, task=task, name="pages", value=3)
        RunNote.objects.create(tenant=acme, run=run, task=task, type="summary", content="all read")
        save_custom_key(KeySpec("feature.banner", Kind.STRING, "a line of text"))
    with tenant_scope(acme.id):
        address = dict.fromkeys(("url", "requested_url"), "https://acme.example/")
        FetchedPage.objects.create(
            tenant=acme, text="Hello", size_bytes=5, sha256="0" * 64, fetched_at=timezone.now(), **address
        )
    submit_change("app.debug", True, actor="operator:test")
    ConfigWorker().run_all()
