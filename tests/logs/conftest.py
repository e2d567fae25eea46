"""The log of this process, read by event."""

import logging

import pytest

from queueapp.rest.toolkit import request_log


@pytest.fixture
def logged(caplog):
    """logged(event): the records of an event so far, from level INFO on."""
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(request_log._filter)

    def find(event):
        return [record for record in caplog.records if getattr(record, "event", "") == event]

    yield find
    caplog.handler.removeFilter(request_log._filter)
