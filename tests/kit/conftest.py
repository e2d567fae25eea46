"""The plugin's own fixtures; and as in a TestCase: everything that a test does is rolled back at its end."""

import pytest
from django.db import transaction

from queueapp.tenancy import bind_tenant
from queueapp.testing.plugin import taskrunner, taskrunner_in_use  # noqa: F401


class Undone(Exception):
    """Ends the test's transaction without a commit."""


@pytest.fixture
def in_a_transaction(acme):
    with pytest.raises(Undone), transaction.atomic():
        with bind_tenant(acme.id):
            yield
        raise Undone


@pytest.fixture
def kit(taskrunner):  # noqa: F811
    return taskrunner
