"""Debian's Chromium without a screen, driven by Playwright."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.debian import debian_program

# beside those that Playwright gives it: no other host is asked for anything, and there is no graphics card
FLAGS = ["--disable-background-networking", "--disable-gpu", "--disable-quic", "--disable-sync", "--no-first-run"]


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser, ended with all its pages. One is not inside another, nor beside an event loop of the same thread."""
    program = debian_program("chromium")
    environment = {**os.environ, **program.environment}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program.path, args=FLAGS, env=environment)
        try:
            yield browser
        finally:
            browser.close()
