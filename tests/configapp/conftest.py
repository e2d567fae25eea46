"""A worker that brings changes, for all tests of the configuration."""

import pytest

from tests.configapp.applying import Bringer


@pytest.fixture
def bringer(ground):
    return Bringer()
