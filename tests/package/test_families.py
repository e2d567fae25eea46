"""The wheel with the extra `families`: fetch, search and configuration in a project of somebody else's."""

from dataclasses import replace

import pytest

from tests.fetch.servers import serving
from tests.package.cells import cells_of
from tests.package.test_first_handler import state, submit
from tests.waiting import wait_until

# as docs/install.md adds them
SETTINGS = f"""
INSTALLED_APPS += ["configapp", "workloads"]
TASKRUNNER["CONFIG"] = {{"ENCRYPTION_KEYS": ["{"A" * 43}"]}}
TASKRUNNER["FETCH"] = {{"ALLOWED_NETWORKS": ["127.0.0.0/8"]}}
"""
PAGE = "<article><h1>Whales</h1>" + "<p>Whales sing in the deep sea, and are heard from afar.</p>" * 20 + "</article>"


def completed(host, task):
    wait_until(lambda: state(host, task).split()[0] in ("completed", "dead_letter"))
    return state(host, task)


@pytest.mark.parametrize("cell", cells_of("single")[-1:], ids=str)
def test_a_page_is_fetched_and_found_and_a_key_is_set(make_host, cell):
    host = make_host(replace(cell, extra="families"))
    host.add_settings(SETTINGS)
    host.manage("migrate", "-v", "0")
    with serving("127.0.0.1") as site, host.cluster():
        fetched = submit(host, "fetch", {"url": site.page("/whales", PAGE)})
        assert completed(host, fetched).startswith("completed")
        assert "1 result from library" in completed(host, submit(host, "search", {"query": "whales sing"}))
        assert host.manage("config", "set", "app.api_port", "9000") == "app.api_port: set is applied as version 1.\n"
