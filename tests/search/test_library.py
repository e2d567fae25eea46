"""The library: what a tenant has fetched is found by it, in the order of relevance, and by nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from queueapp.errors import ScopeError
from queueapp.tenancy import bind_tenant, tenant_scope
from workloads.fetch.models import FetchedPage
from workloads.search.providers import PROVIDERS
from workloads.search.results import SearchQuery

LIBRARY = PROVIDERS["library"]
SEA = "The deep sea begins below two hundred metres, where daylight ends."


def keep(tenant, path, text=SEA, *, days_ago=0.0, **members):
    url = f"https://{tenant.slug}.example/{path}"
    with tenant_scope(tenant.id):
        return FetchedPage.objects.create(
            **{"tenant": tenant, "url": url, "requested_url": url, "title": path.title(), "text": text} | members,
            size_bytes=len(text),
            sha256="0" * 64,
            fetched_at=datetime.now(UTC) - timedelta(days=days_ago),
        )


def found(tenant, query, days=7, count=10):
    with bind_tenant(tenant.id):
        return [hit.url.rpartition("/")[2] for hit in LIBRARY.search(SearchQuery(query, days, count)).results]


def test_pages_are_found_by_words_phrases_alternatives_and_exclusions(acme):
    keep(acme, "sea")
    keep(acme, "sky", "The sky is deep blue. Ships cross the sea.")
    keep(acme, "land", "Rabbits.")
    assert found(acme, "deep sea") == ["sea", "sky"]  # nearer to each other in the first
    assert found(acme, '"deep sea"') == ["sea"]
    assert found(acme, "deep -sky") == ["sea"]
    assert sorted(found(acme, "rabbits or daylight")) == ["land", "sea"]
    assert found(acme, "DAYLIGHT") == ["sea"]
    assert found(acme, "volcano") == []


def test_a_title_says_more_than_a_text(acme):
    keep(acme, "other", "Much about whales, and whales, and whales.")
    keep(acme, "whales", "Nothing else.")
    assert found(acme, "whales") == ["whales", "other"]


def test_a_hit_says_where_the_words_are(acme):
    moment = datetime(2020, 5, 1, tzinfo=UTC)
    keep(acme, "long", "filler " * 5000 + SEA + " filler" * 5000, title="", published_at=moment)
    with bind_tenant(acme.id):
        (hit,) = LIBRARY.search(SearchQuery("daylight", 0, 10)).results
    assert "daylight ends" in hit.snippet and len(hit.snippet) < 1000 and "<" not in hit.snippet
    assert (hit.title, hit.published_at) == ("https://acme.example/long", moment)


def test_recency_is_that_of_the_fetch(acme):
    keep(acme, "new", days_ago=1, published_at=datetime(1999, 1, 1, tzinfo=UTC))
    keep(acme, "old", days_ago=10)
    assert found(acme, "sea", days=7) == ["new"]
    assert found(acme, "sea", days=0) == ["new", "old"]


def test_no_more_than_wanted(acme):
    for number in range(5):
        keep(acme, f"page{number}")
    assert len(found(acme, "sea", count=3)) == 3


def test_nobody_finds_the_pages_of_another_tenant(acme, globex):
    keep(acme, "ours")
    keep(globex, "theirs")
    assert found(acme, "sea") == ["ours"]
    assert found(globex, "sea") == ["theirs"]
    with pytest.raises(ScopeError):
        LIBRARY.search(SearchQuery("sea", 7, 10))


@pytest.mark.parametrize(
    "query", ["'", '"', "\\", "& | ! ( ) <-> :*", "-", "or", "%s %(x)s", "a'b\\c", "x" * 400, "💡 深海"]
)
def test_any_query_is_answered(acme, query):
    keep(acme, "sea")
    assert found(acme, query) == []
