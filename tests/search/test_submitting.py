"""What a search may be asked: one spelling for equal queries, and refusals that name the field."""

import pytest

from queueapp import tasks
from queueapp.errors import InvalidTask
from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope


@pytest.fixture
def configured(configure):
    configure(SEARCH={"BRAVE_API_KEY": "a key", "SEARXNG_URL": "http://127.0.0.1:1"})


def params(tenant, type="search", **given):
    return tasks.submit(type, given, tenant_id=tenant.id).params


def refusal(tenant, type="search", **given):
    with pytest.raises(InvalidTask) as refused:
        tasks.submit(type, given, tenant_id=tenant.id)
    with operator_scope("operator:test"):
        assert Task.objects.count() == 0
    return refused.value


def limit(tenant, **limits):
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=tenant.id).update(limits=limits)


def test_equal_queries_are_spelled_the_same(acme, configured):
    assert params(acme, query="  deep\t\n sea\x0b ", sources=[" Library", "BRAVE", "brave "]) == {
        "query": "deep sea",
        "sources": ["brave", "library"],
        "recency_days": 7,
        "force": False,
    }
    assert params(acme, query="Deep Sea")["query"] == "Deep Sea"
    assert params(acme, "search.batch", queries=["b  b", "a", "a"])["queries"] == ["b b", "a", "a"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "params.query"),
        ({"query": ""}, "params.query"),
        ({"query": " \t "}, "params.query"),
        ({"query": 3}, "params.query"),
        ({"query": "x" * 401}, "params.query"),
        ({"query": "x " * 51}, "params.query"),
        ({"query": "x", "sources": []}, "params.sources"),
        ({"query": "x", "sources": "library"}, "params.sources"),
        ({"query": "x", "sources": [1]}, "params.sources.0"),
        ({"query": "x", "sources": ["a b"]}, "params.sources.0"),
        ({"query": "x", "sources": ["library"] * 17}, "params.sources"),
        ({"query": "x", "recency_days": -1}, "params.recency_days"),
        ({"query": "x", "recency_days": 1.5}, "params.recency_days"),
        ({"query": "x", "recency_days": "7"}, "params.recency_days"),
        ({"query": "x", "recency_days": 10**9}, "params.recency_days"),
        ({"query": "x", "force": "yes"}, "params.force"),
        ({"query": "x", "page": 2}, "params.page"),
    ],
)
def test_bad_input_is_named(acme, given, field):
    error = refusal(acme, **given)
    assert (error.code, [each.field for each in error.errors]) == ("task_rejected_invalid_params", [field])


def test_a_source_that_is_not_allowed_is_refused(acme, configured):
    error = refusal(acme, query="x", sources=["google", "searxng"])
    assert error.code == "search_source_not_allowed"
    assert [each.message for each in error.errors] == [
        "'google' is not allowed; allowed are: brave, library",
        "'searxng' is not allowed; allowed are: brave, library",
    ]
    assert refusal(acme, "search.batch", queries=["x"], sources=["google"]).code == "search_source_not_allowed"


def test_a_tenant_may_have_an_allow_list_of_its_own(acme, globex, configured):
    limit(acme, search_source_allowlist=["searxng"])
    assert params(acme, query="x", sources=["searxng"])["sources"] == ["searxng"]
    assert params(globex, query="x", sources=["brave"])["sources"] == ["brave"]
    with pytest.raises(InvalidTask, match="'brave' is not allowed"):
        tasks.submit("search", {"query": "x", "sources": ["brave"]}, tenant_id=acme.id)


def test_the_library_is_always_allowed(acme, settings):
    limit(acme, search_source_allowlist=[])
    assert params(acme, query="x", sources=["library"])["sources"] == ["library"]


def test_what_nothing_is_configured_for_is_refused(acme, configure):
    configure(SEARCH={"BRAVE_API_KEY": ""})
    error = refusal(acme, query="x", sources=["brave"])
    assert error.code == "search_source_not_configured"
    assert error.errors[0].message == "BRAVE_API_KEY is not set"
    assert params(acme, query="x", sources=["brave", "library"])["sources"] == ["brave", "library"]
    assert params(acme, query="x")["sources"] is None


def test_a_batch_has_a_size(acme):
    limit(acme, max_batch_size=2)
    error = refusal(acme, "search.batch", queries=["a", "b", "c"])
    assert (error.code, error.errors[0].field) == ("batch_size_exceeded", "params.queries")
    assert error.errors[0].message == "must hold at most 2 queries, not 3"
    assert refusal(acme, "search.batch", queries=[]).code == "task_rejected_invalid_params"
