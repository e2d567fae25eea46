"""Places for requests that wait. Each holds a thread of the server, so there are few, and nobody gets them all."""

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from operator import itemgetter
from typing import cast

from rest_framework.request import Request

from queueapp import conf
from queueapp.rest.toolkit.errors import Busy
from queueapp.rest.toolkit.permissions import Principal


class WaitingPlaces:
    """So many places. A party gets one while it holds fewer than are free.

    Alone it so gets half of them, beside another a third, and there is always one for who comes next.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._taken: list[tuple[float, Hashable]] = []  # until when at the latest, by time.monotonic(), and whose

    @contextmanager
    def place(self, party: Hashable, seconds: float) -> Iterator[None]:
        """One of them for so long. Raises Busy, which says when this party can have one at the latest."""
        place = (time.monotonic() + seconds, party)
        with self._lock:
            if (frees_up_at := self._frees_up_at(party)) is not None:
                raise _busy(frees_up_at - time.monotonic())
            self._taken.append(place)
        try:
            yield
        finally:
            with self._lock:
                self._taken.remove(place)

    def _frees_up_at(self, party: Hashable) -> float | None:
        """None where the party can have a place now."""
        held, free = sum(whose == party for _, whose in self._taken), self._size - len(self._taken)
        frees_up_at = None
        for until, whose in sorted(self._taken, key=itemgetter(0)):
            if held < free:
                break
            held, free, frees_up_at = held - (whose == party), free + 1, until
        return frees_up_at


def _busy(seconds: float) -> Busy:
    """In whole seconds, a little more rather than less: who left has still to be answered."""
    retry_after = max(0, int(seconds)) + 1
    return Busy(
        f"Too many requests are waiting, or too many of one's own: ask without waiting, or in {retry_after} s.",
        headers={"Retry-After": str(retry_after)},
    )


@cache
def for_tasks() -> WaitingPlaces:
    """Of requests that wait for the end of a task."""
    return WaitingPlaces(conf.settings.api_waiting_requests)


@cache
def for_claims() -> WaitingPlaces:
    """Of HTTP workers that wait for a task to claim."""
    return WaitingPlaces(conf.settings.api_waiting_claims)


def party_of(request: Request) -> Hashable:
    """The key's tenant; an admin's key by itself, so that what a tenant sends does not keep operators away."""
    principal = cast(Principal, request.user)
    return principal.key.id if principal.is_admin else principal.key.tenant_id
