"""What is refused costs work in proportion to its size, and a key can have only so much of it."""

import json
import time
from collections.abc import Callable

import pytest

from queueapp.limits import rate_limiter
from queueapp.rest.toolkit import refusals
from tests.rest.calling import code_of, dumps, fields_of

N = 40_000  # bytes or so of the smallest
PATH, HEADER = "path", "header"
# Twice the size may cost twice as much, and noise; a quadratic one costs sixteen times at four times the size.
MOST_TIMES_FOR_FOUR = 8
BODIES: dict[str, Callable[[int], bytes]] = {
    "one key again and again": lambda n: b"{" + b",".join([b'"a":1'] * (n // 6)) + b"}",
    "many keys, the last twice": lambda n: b"{" + b",".join(b'"k%d":1' % i for i in range(n // 10)) + b',"k0":1}',
    "unknown members": lambda n: dumps({f"member{i}": 1 for i in range(n // 15)}),
    "nested without end": lambda n: b"[" * n,
    "a string of escaped quotes that never ends": lambda n: b'{"type": "' + b'\\"' * (n // 2),
    "brackets after escaped quotes": lambda n: b'{"a": "' + b'\\"[' * (n // 3) + b'", "b": ' + b"[" * 99,
    "lone surrogates": lambda n: dumps({"type": "echo", "params": {"a": ["\ud800"] * (n // 8)}}),
    "an integer without end": lambda n: b'{"a": ' + b"9" * n + b"}",
    "a type without end": lambda n: dumps({"type": "a." * (n // 2)}),
    "labels without end": lambda n: dumps({"type": "echo", "labels": ["x" * 65] * (n // 70)}),
    "a bulk of refused tasks": lambda n: dumps({"tasks": [{"type": "-"}] * (n // 12)}),
    "a key for deduplication without end": lambda n: dumps({"type": "echo", "dedup": {"key": "k" * n}}),
    "a time without end": lambda n: dumps({"type": "echo", "run_at": "2026-01-01T00:00:00" + "0" * n}),
}
# What takes the check of injection longest: repairs of broken script, quotes, elements, nesting, encodings
VALUES = ("a(b ", "<x onx=a( ", "' or (", "<a x", "array[", "&#60;a ", "javascript:a(", "%2527 ")
CONFIG: dict[str, Callable[[int], bytes]] = {
    **{f"a value of {piece}": lambda n, piece=piece: dumps({"value": piece * (n // len(piece))}) for piece in VALUES},
    "a bulk of refused values": lambda n: dumps(  # a batch has at most 50
        [{"key": "app.version", "value": (VALUES[i % len(VALUES)] * 256)[:256]} for i in range(n // 4000)]
    ),
}
ADDRESSES: dict[str, Callable[[int], tuple[str, dict[str, str]]]] = {
    "a cursor": lambda n: (f"/tasks?cursor={'A' * n}", {}),
    "a filter by type": lambda n: (f"/tasks?type={'a.' * (n // 2)}*", {}),
    "a filter by label": lambda n: (f"/tasks?label={'a' * n}", {}),
    "unknown parameters": lambda n: ("/tasks?" + "&".join(f"p{i}=1" for i in range(min(900, n // 44))), {}),
    "tags in If-None-Match": lambda n: (
        "/tasks/01900000-0000-7000-8000-000000000000",
        {"If_None_Match": '"a",' * (n // 4)},
    ),
    "an Idempotency-Key": lambda n: ("/tasks", {"Idempotency_Key": "k" * n}),
    "an Authorization": lambda n: ("/tasks", {"Authorization": "Bearer tr_" + "k" * n}),
}


def processor_seconds(call: Callable[[], object]) -> float:
    """The least of five."""
    times = []
    for _ in range(5):
        started = time.thread_time()
        call()
        times.append(time.thread_time() - started)
    return min(times)


def grows_in_proportion(call: Callable[[int], object]) -> bool:
    """Whether four times the size costs at most twice what proportion allows, beyond a millisecond of overhead."""
    call(N)
    small, large = processor_seconds(lambda: call(N)), processor_seconds(lambda: call(4 * N))
    assert processor_seconds(lambda: call(2 * N)) < max(2 * large, 0.002)
    return large < max(MOST_TIMES_FOR_FOUR * small, 0.005)


@pytest.mark.parametrize("kind", BODIES)
def test_a_refused_body_costs_in_proportion_to_its_size(client, limit, kind):
    limit(refusals_per_minute=None, max_batch_size=1000)
    path = "/tasks/bulk" if "bulk" in kind else "/tasks"

    def send(size: int) -> None:
        assert 400 <= client.post(path, BODIES[kind](size)).status_code < 500

    bodies = {size: BODIES[kind](size) for size in (N, 2 * N, 4 * N)}
    assert grows_in_proportion(lambda size: client.post(path, bodies[size]))
    send(N)


@pytest.mark.parametrize("kind", CONFIG)
def test_a_refused_config_value_costs_in_proportion_to_its_size(admin, limit, kind):
    limit(refusals_per_minute=None)
    method, path = ("POST", "/config/bulk") if "bulk" in kind else ("PUT", "/config/app.version")

    def send(size: int) -> None:
        assert admin.send(method, path, CONFIG[kind](size)).status_code == 400

    assert grows_in_proportion(send)


@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_refused_address_or_header_costs_in_proportion_to_its_size(client, limit, kind):
    limit(refusals_per_minute=None)

    def send(size: int) -> None:
        path, headers = ADDRESSES[kind](size)
        method = "POST" if "Idempotency_Key" in headers else "GET"
        assert client.send(method, path, {"type": "echo"} if method == "POST" else None, **headers).status_code < 500

    assert grows_in_proportion(send)


def test_refused_requests_have_a_limit_of_their_own(client, stranger, limit):
    limit(refusals_per_minute=3)
    for _ in range(3):
        assert client.post("/tasks", b"{").status_code == 400
    answer = client.post("/tasks", {"type": "echo"})
    assert code_of(answer) == "rate_limit_exceeded"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert stranger.post("/tasks", {"type": "echo"}).status_code == 202


def test_the_limit_of_refusals_holds_across_processes(client, limit):
    limit(refusals_per_minute=2)
    for _ in range(2):
        client.post("/tasks", b"{")
    # as another process would be: it knows nothing by itself, and Redis tells it at its first refusal
    refusals.forget()
    rate_limiter.forget()
    assert client.post("/tasks", b"{").status_code == 400
    assert client.post("/tasks", {"type": "echo"}).status_code == 429


def test_what_is_accepted_or_not_found_is_no_refusal(client, limit):
    limit(refusals_per_minute=1)
    for _ in range(3):
        assert client.get("/tasks/01900000-0000-7000-8000-000000000000").status_code == 404
        assert client.post("/tasks", {"type": "echo"}).status_code == 202


def test_a_key_given_twice_is_named_and_cut(client):
    answer = client.post("/tasks", json.dumps({"x" * 10_000: 1})[:-1].encode() + b', "' + b"x" * 10_000 + b'": 2}')
    assert fields_of(answer) == {"body": "duplicate_key"}
    assert len(answer.content) < 1_000
