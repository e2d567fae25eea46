"""What can be registered as a handler."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel

from queueapp.handlers import find_handler, handler


class Nothing(BaseModel):
    pass


async def fetch(task, params):
    pass


async def several(task, params):
    yield


@pytest.mark.parametrize(
    ("function", "options", "fault"),
    [
        (fetch, {"transactional": True}, "`async def` function, and transactional: its transaction would stay open"),
        (fetch, {"concurrency": 0}, "concurrency=0, which must be between 1 and 1,000"),
        (fetch, {"concurrency": 1_001}, "concurrency=1001, which must be between 1 and 1,000"),
        (print, {"concurrency": 2}, "concurrency=2, and only `async def` functions run several tasks at a time"),
        (several, {}, "is an asynchronous generator"),
    ],
)
def test_an_async_function_that_cannot_be_a_handler_is_refused(function, options, fault):
    with pytest.raises(ImproperlyConfigured, match=f"The handler of 'test.async' .*{fault}"):
        handler("test.async", params=Nothing, **options)(function)
    assert find_handler("test.async") is None


def test_a_type_has_one_handler():
    with pytest.raises(ImproperlyConfigured, match=r"'sample\.noop' is registered twice"):
        handler("sample.noop", params=Nothing)(lambda task, params: None)


def test_a_transactional_handler_prefetches_nothing():
    assert not find_handler("sample.transactional").prefetch
    assert find_handler("sample.noop").prefetch
