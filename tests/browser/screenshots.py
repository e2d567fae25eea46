"""`make screenshots`: a picture of every screen of the console, wide in light and dark, and narrow."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.browser.console_pages import addresses
from tests.browser.pages import NARROW, WIDE, at

LOOKS = {"light": (WIDE, "light"), "dark": (WIDE, "dark"), "narrow": (NARROW, "light")}


@pytest.fixture
def directory():
    chosen = Path(os.environ.get("SCREENSHOTS", ".taskrunner/screenshots"))
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@pytest.mark.parametrize("scope", ["all", "acme"])
def test_screenshots(scope, scene, sign_in, administrator, directory):
    user = administrator if scope == "acme" else User.objects.create_superuser("root")
    page = sign_in(user)
    for name, address in addresses(scene, scope, user).items():
        page.goto(address)
        for look, shape in LOOKS.items():
            at(page, *shape).screenshot(path=directory / f"{scope}-{name}-{look}.png", full_page=True)
