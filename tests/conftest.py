"""What tests stand on: one migrated database a run, emptied after each test, and the usual people."""

import os
import signal
from collections.abc import Callable, Generator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connections
from hypothesis import settings as hypothesis_settings
from psycopg2.extensions import make_dsn
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from queueapp import conf
from queueapp.claiming import Capabilities
from queueapp.models import Membership, Tenant
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope
from queueapp.worker import main_loop
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.interrupts import SIGNAL
from queueapp.worker.main_loop import ServingWorker
from queueapp.worker.processes.shared_memory import ClusterMemory, ServeOptions
from tests.database_fixture import empty_everything, kept_queues, leftovers
from tests.factories import MakeTask, create_task

# how long an example takes says more about the machine
hypothesis_settings.register_profile("any machine", deadline=None)
hypothesis_settings.load_profile("any machine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With TASKRUNNER_ISOLATION=single, tests marked `rls_only` are deselected, and counted as such at the end."""
    if conf.settings.isolation == "rls":
        return
    apart = [item for item in items if item.get_closest_marker("rls_only")]
    items[:] = [item for item in items if item not in apart]
    config.hook.pytest_deselected(items=apart)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Generator[None]:
    """Migrate as the owner, run as the app's login."""
    if "owner" not in connections.settings:
        pytest.exit("The tests migrate as the owner of the database: set OWNER_DATABASE_URL beside DATABASE_URL.")
    owner, app = connections["owner"], connections["default"]
    old_name = owner.settings_dict["NAME"]
    with django_db_blocker.unblock():
        name = owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        app.close()
        app.settings_dict["NAME"] = name
        for variable in ("DATABASE_URL", "OWNER_DATABASE_URL"):
            # so that the processes which tests start come to this database too
            os.environ[variable] = make_dsn(os.environ[variable], dbname=name)
        kept_queues()
    yield
    with django_db_blocker.unblock():
        connections["default"].close()
        owner.creation.destroy_test_db(old_name, verbosity=0)


@pytest.fixture
def clean_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None]:
    """A real database and a real Redis, both empty; commits are real, and nothing outlives the test."""
    with django_db_blocker.unblock():
        yield
        faults = leftovers()
        empty_everything()
        if faults:
            pytest.fail("This test left open: " + "; ".join(faults))


@pytest.fixture
def configure(settings: Settings) -> Callable[..., None]:
    """configure(REDIS_URL=…): change keys of the setting TASKRUNNER until the test ends; a dictionary is a section."""

    def change(**keys: Any) -> None:
        changed = dict(settings.TASKRUNNER)
        for key, value in keys.items():
            changed[key] = {**changed.get(key, {}), **value} if isinstance(value, dict) else value
        settings.TASKRUNNER = changed

    return change


@pytest.fixture
def db(clean_database: None) -> None:
    """pytest-django's own fixtures ask for this one; they too use it."""


@pytest.fixture
def transactional_db(clean_database: None) -> None:
    """As `db`."""


@pytest.fixture
def acme(clean_database: None) -> Tenant:
    """The tenant that owns things."""
    return _tenant("acme")


@pytest.fixture
def globex(clean_database: None) -> Tenant:
    """The stranger: another tenant."""
    return _tenant("globex")


@pytest.fixture
def acme_viewer(acme: Tenant) -> User:
    """A user who may look at acme's things, and at nobody else's."""
    user = User.objects.create_user("acme_viewer")
    with operator_scope("operator:test"):
        Membership.objects.create(tenant=acme, user=user, role=Membership.Role.VIEWER)
    return user


@pytest.fixture
def make_task(acme: Tenant) -> MakeTask:
    """make_task(status="queued", tenant=acme, **fields): a row that every constraint accepts, by legal moves."""

    def make(status: str = "queued", tenant: Tenant | UUID = acme, **fields):
        return create_task(status, tenant, **fields)

    return make


def _tenant(slug: str) -> Tenant:
    with operator_scope("operator:test"):
        return Tenant.objects.create(slug=slug, name=slug.title())


@pytest.fixture
def background(clean_database: None) -> Generator[BackgroundConnection]:
    """A worker's background connection, whose thread has ended before the next test."""
    connection = BackgroundConnection()
    yield connection
    connection.close()
    connection._thread.join()


@pytest.fixture
def serving_worker(clean_database: None, monkeypatch: pytest.MonkeyPatch) -> Generator[ServingWorker]:
    """Its object in this process, which shall not become a worker's; it never runs."""
    monkeypatch.setattr(main_loop, "OwnProcess", lambda: None)
    handler, memory = signal.getsignal(SIGNAL), ClusterMemory(1)
    worker = ServingWorker(ServeOptions(new_id(), Capabilities(("default",)), None, memory), memory.slots[0])
    yield worker
    worker._background.close()
    signal.signal(SIGNAL, handler)
