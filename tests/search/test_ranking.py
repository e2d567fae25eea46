"""One list out of several: rules that hold for any lists, and a few by example."""

from datetime import UTC, datetime
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from workloads.search.ranking import merge
from workloads.search.results import Result

NAMES = ("brave", "library", "searxng")
# the same page has other titles elsewhere
pages = st.builds(
    lambda number, title: Result(title=f"Page {number} {title}", url=f"https://example.org/{number}"),
    st.integers(0, 15),
    st.sampled_from("abc"),
)
lists = st.dictionaries(st.sampled_from(NAMES), st.lists(pages, max_size=12), max_size=3)


def hit(url, title="A page", **members):
    return Result(title=title, url=url, **members)


@given(lists, st.integers(1, 20))
def test_every_page_once_and_no_more_than_wanted(given, limit):
    found = [result.page.url for result in merge(given, limit=limit)]
    different = {each.url for hits in given.values() for each in hits}
    assert len(found) == len(set(found)) == min(limit, len(different))
    assert set(found) <= different


@given(lists)
def test_the_order_of_the_sources_does_not_matter(given):
    wanted = [result.as_dict() for result in merge(given, limit=20)]
    for order in permutations(given):
        assert [result.as_dict() for result in merge({name: given[name] for name in order}, limit=20)] == wanted


@given(lists)
def test_ranks_are_those_of_the_sources_and_the_best_come_first(given):
    results = merge(given, limit=50)
    for result in results:
        for source, rank in result.ranks.items():
            urls = [each.url for each in given[source]]
            assert urls[rank - 1] == result.page.url and result.page.url not in urls[: rank - 1]
        absent = given.keys() - result.ranks.keys()
        assert all(result.page.url not in [each.url for each in given[source]] for source in absent)
    scores = [result.score for result in results]
    assert scores == sorted(scores, reverse=True)


@given(st.lists(pages, max_size=12, unique_by=lambda each: each.url))
def test_one_source_alone_keeps_its_order(hits):
    assert [result.page for result in merge({"brave": hits}, limit=20)] == hits


@given(lists, st.lists(pages, min_size=1, max_size=5))
def test_another_source_that_names_a_page_never_takes_it_down(given, more):
    before = {result.page.url: result.score for result in merge(given, limit=50)}
    after = {result.page.url: result.score for result in merge({**given, "more": more}, limit=50)}
    assert all(after[url] >= score for url, score in before.items())


def test_two_sources_agreeing_outweigh_one_first_rank():
    first = {
        "brave": [hit("https://a.org/"), hit("https://b.org/")],
        "searxng": [hit("https://c.org/"), hit("https://b.org/")],
    }
    assert [result.page.url for result in merge(first, limit=3)] == [
        "https://b.org/",
        "https://a.org/",
        "https://c.org/",
    ]


def test_spellings_of_one_address_are_one_page():
    same = [
        "https://Example.org/page",
        "http://example.org:80/page/",
        "https://example.org:443/page#part",
    ]
    (result,) = merge({name: [hit(url)] for name, url in zip(NAMES, same, strict=True)}, limit=9)
    assert result.ranks == {"brave": 1, "library": 1, "searxng": 1}
    assert result.page.url == same[0]  # as the first by rank, then by name, spelled it

    orders = ["https://a.org/?x=1&y=2", "https://a.org/?y=2&x=1"]
    assert len(merge({"brave": [hit(url) for url in orders]}, limit=9)) == 1
    others = ["https://a.org/?x=1", "https://a.org/?x=2", "https://a.org/X", "https://a.org/x", "https://a.org:8443/x"]
    assert len(merge({"brave": [hit(url) for url in others]}, limit=9)) == 5


def test_what_one_source_does_not_know_another_may_tell():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    merged = merge(
        {
            "brave": [hit("https://a.org/", "Short")],
            "searxng": [hit("https://z.org/"), hit("https://a.org/", "Long", snippet="Told", published_at=moment)],
        },
        limit=1,
    )
    assert merged[0].as_dict() == {
        "title": "Short",
        "url": "https://a.org/",
        "snippet": "Told",
        "published_at": "2026-01-01T00:00:00Z",
        "source": "brave",
        "ranks": {"brave": 1, "searxng": 2},
    }
