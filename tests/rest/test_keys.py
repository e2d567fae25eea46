"""API keys: their form, what is kept of them, when they open the API, and what is left when they do not."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from queueapp.apikeys import authenticate, create_key, revoke_key
from queueapp.apikeys.key_format import new_key, prefix_of
from queueapp.errors import InvalidValue, ScopeError
from queueapp.models import ApiKey, OperatorAction, SecurityEvent, Tenant
from queueapp.tenancy import operator_scope
from tests.rest.calling import API, Api, code_of, key_for
from tests.waiting import threads, wait_until


def row_of(key):
    with operator_scope("operator:test"):
        return ApiKey.objects.get(prefix=prefix_of(key))


def events(event):
    with operator_scope("operator:test"):
        return list(SecurityEvent.objects.filter(event=event).order_by("id"))


def test_a_key_tells_typing_errors_by_itself():
    key = new_key()
    assert prefix_of(key) == key[3:11]
    assert len({new_key() for _ in range(100)}) == 100
    for place in range(len(key)):
        other = "x" if key[place] != "x" else "y"
        assert prefix_of(key[:place] + other + key[place + 1 :]) is None
    assert prefix_of(key + "\n") is None


def test_only_a_digest_is_kept(acme):
    key = key_for(acme)
    secret = key.split("_")[2]
    kept = repr(row_of(key).__dict__)
    assert secret not in kept
    assert key[3:11] in kept
    with operator_scope("operator:test"):
        assert secret not in repr(list(OperatorAction.objects.values()))


def test_a_name_has_at_most_two_live_keys(acme):
    first, second = key_for(acme, name="app"), key_for(acme, name="app")
    assert [Api(key).get("/limits").status_code for key in (first, second)] == [200, 200]
    with pytest.raises(InvalidValue, match="has 2 live keys in tenant acme already: revoke one first"):
        key_for(acme, name="app")
    with operator_scope("operator:test"):
        revoke_key(prefix_of(first))
    assert Api(key_for(acme, name="app")).get("/limits").status_code == 200
    key_for(acme, name="another")


def test_two_at_once_do_not_make_a_third(acme):
    key_for(acme, name="app")
    with threads(4) as run:
        made = [run(key_for, acme, "client", "app") for _ in range(4)]
        refused = [future.exception() for future in made if future.exception()]
    assert len(refused) == 3
    assert all(isinstance(error, InvalidValue) for error in refused)


def test_a_revoked_key_stops_in_every_process(live, acme):
    assert authenticate.REMEMBERED_SECONDS <= 5
    key = key_for(acme)
    assert live.send(key, "GET", "/limits").status_code == 200
    with operator_scope("operator:test"):
        revoke_key(prefix_of(key))
    wait_until(lambda: live.send(key, "GET", "/limits").status_code == 401)


def test_keys_that_do_not_open(acme, client):
    expired = key_for(acme, name="old", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    tampered = client.key[:20] + ("A" if client.key[20] != "A" else "B") + client.key[21:]
    for key in (expired, tampered, new_key(), "nonsense", "", "ü", "x" * 10_000):
        answer = Api(key).get("/limits")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="taskrunner"')
        assert code_of(answer) == "unauthenticated"


def test_a_tenant_that_is_not_active_has_no_keys(acme):
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(active=False)
    assert Api(key_for(acme)).get("/limits").status_code == 401


def test_use_is_noted_to_the_minute(client):
    assert row_of(client.key).last_used_at is None
    client.get("/limits")
    used = row_of(client.key).last_used_at
    assert used is not None and (used.second, used.microsecond) == (0, 0)


def test_neither_session_nor_query_string_opens_the_api(clean_database, client):
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    assert browser.get(f"{API}/tasks").status_code == 401
    assert browser.get(f"{API}/tasks?api_key={client.key}").status_code == 401
    assert browser.get(f"{API}/tasks", headers={"Authorization": f"Basic {client.key}"}).status_code == 401


def test_a_key_appears_in_no_log_event_or_error(client, caplog):
    caplog.set_level(logging.DEBUG)
    secret = client.key.split("_")[2]
    wrong = new_key()
    answers = [client.get("/nowhere"), client.get("/queues"), client.post("/tasks", b"{"), Api(wrong).get("/tasks")]
    kept = [event.detail for event in (*events("forbidden"), *events("failed_authentication"))]
    assert [event["prefix"] for event in kept if "prefix" in event] == [prefix_of(wrong)]
    for text in (caplog.text, repr(kept), *(repr(answer.headers) + repr(answer.content) for answer in answers)):
        assert secret not in text
        assert wrong.split("_")[2] not in text


def test_failed_authentication_is_recorded_and_limited_by_address(client):
    wrong = Api(new_key())
    statuses = [wrong.get("/limits").status_code for _ in range(110)]
    assert statuses == [401] * 100 + [429] * 10
    refused = wrong.get("/limits")
    assert code_of(refused) == "rate_limit_exceeded"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert len(events("failed_authentication")) == 100
    assert events("failed_authentication")[0].actor == "unknown:127.0.0.1"
    assert client.get("/limits").status_code == 200, "a valid key passes all the same"


def test_scopes_narrow_a_role(acme):
    reader = Api(key_for(acme, name="reader", scopes=["tasks:read", "platform:read"]))
    assert reader.get("/tasks").status_code == 200
    assert code_of(reader.post("/tasks", {"type": "echo"})) == "forbidden"
    assert code_of(reader.get("/queues")) == "forbidden", "no scope widens a role"


def test_create_key_needs_an_operators_scope(acme):
    with pytest.raises(ScopeError, match="operator_scope"):
        create_key(acme, "x", "client")
