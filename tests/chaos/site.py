"""A web server under chaos: what it answers, and how soon after a fault it accepts again."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from queueapp.apikeys import create_key
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from tests.chaos.world import World
from tests.rest.live import LiveServer, live_server

WRITABLE_AGAIN_SECONDS = 5.0


class Site:
    """Every request is on a connection of its own, so that the server's threads take turns."""

    def __init__(self, world: World, server: LiveServer, key: str) -> None:
        self._world = world
        self._server = server
        self._key = key
        self.statuses: Counter[str] = Counter()

    def submit(self) -> int:
        """The status of the answer; what was accepted counts as submitted."""
        body = {"type": "sample.record", "params": {"mark": str(self._world.marks)}, "timeout_seconds": 60}
        status = self._ask("POST", "/tasks", body)
        self._world.submitted += status == 202
        return status

    def read(self) -> int:
        return self._ask("GET", "/tasks")

    def health(self) -> dict[str, Any]:
        return dict(self._server.raw(self._key, "GET", "/health", None, {}).json())

    def seconds_until_accepted(self, since: float) -> float:
        """From `since`, of time.monotonic(), until thirty submissions in a row are accepted: by any thread, that is."""
        accepted_at, in_a_row = 0.0, 0
        while in_a_row < 30:
            if self.submit() == 202:
                accepted_at = accepted_at or time.monotonic()
                in_a_row += 1
            else:
                accepted_at, in_a_row = 0.0, 0
                assert time.monotonic() - since < WRITABLE_AGAIN_SECONDS, "submissions are refused still"
        return accepted_at - since

    def _ask(self, method: str, path: str, body: Any = None) -> int:
        status = self._server.send(self._key, method, path, body).status_code
        self.statuses[f"{method} {status}"] += 1
        assert status in (200, 202, 429, 503), f"{method} {path} answered {status}"
        return status


@contextmanager
def site(world: World, **environment: str) -> Iterator[Site]:
    """A server whose tenant has a limit, which Redis counts; stopped at the end."""
    with operator_scope("operator:chaos"):
        tenant = Tenant.objects.get(id=world.tenant)
        tenant.limits = {"tasks_per_minute": 100_000}
        tenant.save()
        _, key = create_key(tenant, "chaos", "client")
    with live_server(**environment) as server:
        yield Site(world, server, key)
