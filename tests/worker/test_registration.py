"""What can be registered as a handler."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel

from queueapp.handlers import find_handler, handler


class Nothing(BaseModel):
    pass


def test_an_async_function_is_refused():
    async def fetch(task, params):
        pass

    with pytest.raises(ImproperlyConfigured, match=r"handler of 'test\.async' is an .async def. function"):
        handler("test.async", params=Nothing)(fetch)
    assert find_handler("test.async") is None


def test_a_type_has_one_handler():
    with pytest.raises(ImproperlyConfigured, match=r"'sample\.noop' is registered twice"):
        handler("sample.noop", params=Nothing)(lambda task, params: None)


def test_a_transactional_handler_prefetches_nothing():
    assert not find_handler("sample.transactional").prefetch
    assert find_handler("sample.noop").prefetch
