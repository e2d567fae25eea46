"""The pytest plugin: the fixture `taskrunner`, and in all tests `perform` of task functions."""

from collections.abc import Iterator

import pytest

from queueapp.testing.kit import Kit, kit_in_use


@pytest.fixture(autouse=True)
def taskrunner_in_use() -> Iterator[Kit]:
    """The test kit of every test, so that those that do not name it may perform task functions."""
    with kit_in_use() as kit:
        yield kit


@pytest.fixture
def taskrunner(db: None, taskrunner_in_use: Kit) -> Kit:
    """The test kit, in the test's own transaction."""
    return taskrunner_in_use
