"""Searching over HTTP: the tasks of the family at addresses of their own."""

from tests.rest.calling import Api, code_of, fields_of, key_for


def test_over_http(acme):
    client = Api(key_for(acme))
    accepted = client.post("/search", {"query": " deep  sea ", "sources": ["library"]})
    assert (accepted.status_code, accepted["Location"]) == (202, f"/api/v1/tasks/{accepted.json()['id']}")
    assert (accepted.json()["type"], accepted.json()["params"]["query"]) == ("search", "deep sea")
    batch = client.post("/search/batch", {"queries": ["a", "b"], "options": {"priority": 9}})
    assert (batch.status_code, batch.json()["type"], batch.json()["priority"]) == (202, "search.batch", 9)

    refused = client.post("/search", {"query": "x", "sources": ["google"]})
    assert code_of(refused) == "search_source_not_allowed"
    assert fields_of(refused) == {"sources": "search_source_not_allowed"}
    assert fields_of(client.post("/search/batch", {"queries": ["x"] * 51})) == {"queries": "batch_size_exceeded"}
    assert fields_of(client.post("/search", {})) == {"query": "missing"}


def test_the_same_key_searches_once(acme):
    client = Api(key_for(acme))
    answers = [client.post("/search", {"query": "x"}, Idempotency_Key="once") for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1]["Idempotent-Replayed"] == "true"
