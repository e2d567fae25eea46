"""An Idempotency-Key whose first request has not ended when it is sent again."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from queueapp.apikeys import authenticate_key
from queueapp.models import IdempotencyKey
from queueapp.rest.toolkit.idempotency import Identity, begin, finish
from queueapp.rest.toolkit.permissions import principal_of
from queueapp.tenancy import operator_scope
from tests.waiting import PATIENCE_SECONDS, sessions_waiting_for_a_lock, threads, wait_until

T = TypeVar("T")


def answer_while_under_way(api_key: str, send: Callable[[], T]) -> T:
    """What a repetition of the only request so far, of key "k", is answered when that one ends after it was sent."""
    with operator_scope("operator:test"):
        (row,) = IdempotencyKey.objects.all()
        row.delete()
    principal, identity = principal_of(authenticate_key(api_key)), Identity("k", row.digest)
    taken, commit = Event(), Event()

    def under_way() -> None:
        with principal.own_scope():
            begin(principal, identity)
            taken.set()
            assert commit.wait(PATIENCE_SECONDS)
            finish(principal, identity, row.answer, None)

    with threads(2) as run:
        run(under_way)
        assert taken.wait(PATIENCE_SECONDS)
        repeated = run(send)
        wait_until(lambda: sessions_waiting_for_a_lock() == 1)
        commit.set()
        return repeated.result(PATIENCE_SECONDS)
