"""A browser and a web server for each file, and visitors whose pages have no faults."""

import pytest
from django.contrib.auth.models import User
from django.db import connections

from queueapp.models import Membership
from queueapp.tenancy import operator_scope
from tests.admin.conftest import make_worker, one_of_everything  # noqa: F401 (fixtures)
from tests.browser.chromium import running_chromium
from tests.browser.lively import lively
from tests.browser.pages import Visitor
from tests.web import running_server


@pytest.fixture(scope="module")
def browser(django_db_setup, django_db_blocker):
    """It does not outlive its file.

    For as long as it lives, Playwright's event loop counts as running in this thread. To Django this is asynchronous
    code then, with connections of its own to the database.
    """
    with running_chromium() as browser, pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        yield browser
        connections.close_all()


@pytest.fixture(scope="module")
def server(django_db_setup):
    """The address of a web server. It does not outlive its file either, for it keeps sessions of the database."""
    with running_server() as address:
        yield address


@pytest.fixture
def sign_in(browser, server, clean_database):
    """sign_in(user): a new page of a browser that they are signed in to, or nobody without a user.

    A fault in any page (an error, an error in the console, something the Content-Security-Policy stopped) fails the
    test when it ends.
    """
    visitors = []

    def sign_in(user=None):
        visitors.append(Visitor(browser, server, user))
        return visitors[-1].new_page()

    yield sign_in
    for visitor in visitors:
        visitor.context.close()
    assert [fault for visitor in visitors for fault in visitor.faults] == []


@pytest.fixture
def scene(acme, globex, tmp_path):
    """What a cluster makes of tasks of every kind, while the test runs."""
    with lively(acme, globex, tmp_path) as scene:
        yield scene


@pytest.fixture
def administrator(acme):
    """Of acme, and no member of staff."""
    user = User.objects.create_user("grace")
    with operator_scope("operator:test"):
        Membership.objects.create(tenant=acme, user=user, role="administrator", sees_payloads=True)
    return user
