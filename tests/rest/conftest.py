"""Keys of every role, of the owner and of the stranger."""

import pytest

from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, key_for
from tests.rest.live import LiveServer, live_server


@pytest.fixture
def client(acme):
    """A client of acme."""
    return Api(key_for(acme))


@pytest.fixture
def stranger(globex):
    """A client of another tenant."""
    return Api(key_for(globex))


@pytest.fixture
def admin(acme):
    """An admin of the platform, whose own tenant is acme."""
    return Api(key_for(acme, "admin"))


@pytest.fixture
def worker(acme):
    return Api(key_for(acme, "worker"))


@pytest.fixture
def limit(acme):
    """Set limits of acme; before its keys are used, since a process remembers them for a moment."""

    def set_limits(**limits):
        with operator_scope("operator:test"):
            Tenant.objects.filter(id=acme.id).update(limits=limits)

    return set_limits


@pytest.fixture(scope="module")
def live(django_db_setup: None) -> LiveServer:
    """gunicorn as in production: 32 threads in one process of its own."""
    with live_server() as server:
        yield server
