"""POST /fetch, and what is refused at submit."""

import pytest

from queueapp.limits import tenant_limits
from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from tests.fetch.conftest import ALLOWED
from tests.fetch.forged import forged
from tests.rest.calling import Api, code_of, fields_of, key_for

PAGE = "https://example.com/page"


@pytest.fixture
def client(acme):
    return Api(key_for(acme))


def tasks():
    with operator_scope("operator:test"):
        return list(Task.objects.all())


def test_a_fetch_is_accepted_as_a_task(client):
    answer = client.post("/fetch", {"url": PAGE, "options": {"priority": 9, "labels": ["x"]}})
    assert answer.status_code == 202
    document = answer.json()
    assert answer["Location"] == f"/api/v1/tasks/{document['id']}"
    assert (document["type"], document["queue"], document["priority"]) == ("fetch", "fetch", 9)
    assert document["params"] == {"url": PAGE, "reader_mode": True, "store_raw_html": False, "force": False}
    assert (document["timeout_seconds"], document["max_retries"]) == (60, 2)


def test_the_same_key_and_body_are_the_same_task(client):
    first, second = (client.post("/fetch", {"url": PAGE}, Idempotency_Key="k") for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second["Idempotent-Replayed"] == "true"
    assert code_of(client.post("/fetch", {"url": f"{PAGE}2"}, Idempotency_Key="k")) == "idempotency_key_reused"


def test_fetches_count_as_submissions(client, acme):
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"tasks_per_minute": 1})
    assert client.post("/fetch", {"url": PAGE}).status_code == 202
    assert code_of(client.post("/fetch", {"url": PAGE})) == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "url", "missing"),
        ({"url": 1}, "url", "string_type"),
        ({"url": PAGE, "reader_mode": "yes"}, "reader_mode", "bool_type"),
        ({"url": PAGE, "cookies": {}}, "cookies", "extra_forbidden"),
        ({"url": PAGE, "options": {"priority": 11}}, "options.priority", "less_than_equal"),
    ],
)
def test_bad_parameters_are_named(client, body, field, code):
    assert fields_of(client.post("/fetch", body)) == {field: code}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "invalid_url"),
        ("not a url", "invalid_url"),
        ("ftp://example.com/", "invalid_url"),
        ("https://user:secret@example.com/", "invalid_url"),
        ("http://2130706433/", "invalid_url"),
        ("http://x.example/" + "x" * 3000, "invalid_url"),
        ("http://127.0.0.1/", "fetch_address_not_allowed"),
        ("http://[::1]/", "fetch_address_not_allowed"),
        ("http://169.254.169.254/latest/meta-data/", "fetch_address_not_allowed"),
        ("http://8.8.8.8:6379/", "fetch_address_not_allowed"),
    ],
)
def test_a_bad_url_is_refused_at_submit(client, url, code):
    answer = client.post("/fetch", {"url": url})
    assert (code_of(answer), fields_of(answer)) == (code, {"url": code})
    assert b"secret" not in answer.content
    answer = client.post("/tasks", {"type": "fetch", "params": {"url": url}})
    assert (code_of(answer), fields_of(answer)) == (code, {"params.url": code})
    assert tasks() == []


def test_no_forged_url_is_more_than_a_400(client, configure):
    configure(FETCH={"ALLOWED_NETWORKS": ALLOWED})
    for url in forged(8080):
        assert client.post("/fetch", {"url": url}).status_code in (202, 400), url
    with operator_scope("operator:test"):
        hosts = {task.params["url"].split("/")[2].partition(":")[0].lower().strip(".") for task in Task.objects.all()}
    assert not [host for host in hosts if host[0].isdigit() or host[0] == "["]  # names only: those are checked later


def test_the_allowlist_of_the_deployment(client, configure):
    configure(FETCH={"DOMAIN_ALLOWLIST": ["example.com"]})
    assert client.post("/fetch", {"url": "https://EXAMPLE.com./page"}).status_code == 202
    for host in ("sub.example.com", "example.com.evil.example", "xexample.com", "other.example"):
        answer = client.post("/fetch", {"url": f"https://{host}/"})
        assert code_of(answer) == "fetch_domain_not_allowed"
        assert "allowed: example.com" in answer.json()["detail"]


def test_a_tenants_own_allowlist_takes_its_place(client, acme, configure):
    configure(FETCH={"DOMAIN_ALLOWLIST": ["example.com"]})
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"fetch_domain_allowlist": ["own.example"]})
    tenant_limits.forget()
    assert client.post("/fetch", {"url": "https://own.example/"}).status_code == 202
    assert code_of(client.post("/fetch", {"url": PAGE})) == "fetch_domain_not_allowed"


def test_an_allowed_network_may_be_named_with_any_port(client, configure):
    configure(FETCH={"ALLOWED_NETWORKS": ALLOWED})
    assert client.post("/fetch", {"url": "http://127.0.0.2:9999/"}).status_code == 202
    assert code_of(client.post("/fetch", {"url": "http://127.0.0.1:9999/"})) == "fetch_address_not_allowed"
