"""What providers are asked, and what becomes of whatever they answer: real HTTP, well and badly behaved."""

import gzip
import json
import threading
import tracemalloc
from datetime import UTC, datetime

import pytest

from tests.search.servers import KEY, brave_item, searxng_item
from workloads.search.providers import PROVIDERS, ProviderError, http
from workloads.search.results import SearchQuery

BRAVE, SEARXNG = PROVIDERS["brave"], PROVIDERS["searxng"]


def asking(query="deep sea", days=7, count=10):
    return SearchQuery(query, days, count)


def refusal(provider, query=None):
    with pytest.raises(ProviderError) as refused:
        provider.search(query or asking())
    return refused.value


@pytest.mark.parametrize(
    ("days", "freshness", "time_range"),
    [
        (0, None, None),
        (1, "pd", "day"),
        (2, "pw", "week"),
        (7, "pw", "week"),
        (8, "pm", "month"),
        (31, "pm", "month"),
        (32, "py", "year"),
        (366, "py", "year"),
        (9999, "py", None),
    ],
)
def test_how_old_results_may_be_is_put_in_each_providers_words(brave, searxng, days, freshness, time_range):
    BRAVE.search(asking(days=days))
    SEARXNG.search(asking(days=days))
    assert brave.asked[0].get("freshness") == freshness
    assert searxng.asked[0].get("time_range") == time_range


def test_brave_is_asked_as_its_documentation_says(brave):
    answer = BRAVE.search(asking(query="café & co", count=2))
    assert brave.asked == [
        {"q": "café & co", "count": "2", "freshness": "pw", "text_decorations": "false", "result_filter": "web"}
    ]
    assert brave.headers[0]["x-subscription-token"] == KEY
    assert brave.headers[0]["accept"] == "application/json"
    assert [hit.url for hit in answer.results] == ["https://example.org/1", "https://example.org/2"]
    first = answer.results[0]
    assert (first.title, first.snippet) == ("Page 1", "About 1")
    assert first.published_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert json.loads(answer.raw)["type"] == "search"


def test_searxng_is_asked_as_its_documentation_says(searxng):
    searxng.items = [searxng_item(1, publishedDate="2026-02-03T04:05:06+02:00"), searxng_item(2)]
    answer = SEARXNG.search(asking())
    assert searxng.asked == [{"q": "deep sea", "format": "json", "time_range": "week"}]
    assert [(hit.title, hit.snippet) for hit in answer.results] == [("Page 1", "Told of 1"), ("Page 2", "Told of 2")]
    assert [hit.published_at for hit in answer.results] == [datetime(2026, 2, 3, 2, 5, 6, tzinfo=UTC), None]


def test_an_answer_may_be_compressed(brave):
    body = gzip.compress(json.dumps({"web": {"results": [brave_item(5)]}}).encode())
    brave.refuses(200, body, Content_Encoding="gzip")
    assert [hit.title for hit in BRAVE.search(asking()).results] == ["Page 5"]


def test_what_is_no_result_is_left_out(brave):
    brave.items = [
        brave_item(1, title=None),
        brave_item(2, title=" \x00 \n"),
        brave_item(3, url=None),
        brave_item(4, url="javascript:alert(1)"),
        brave_item(5, url="https://[::1"),
        brave_item(6, url="https://example.org:99999/"),
        brave_item(7, url="https://example.org/" + "x" * 3000),
        brave_item(8, url="https://example.org/a b"),
        "not an object",
        None,
        brave_item(9),
    ]
    assert [hit.title for hit in BRAVE.search(asking()).results] == ["Page 9"]


def test_text_is_made_plain_and_short(brave):
    brave.items = [
        brave_item(
            1,
            title="Tom &amp; Jerry&#x27;s\x00\x1b[31m \u202eevil\ud800",
            description="word " * 100_000,
            page_age="yesterday",
        )
    ]
    (hit,) = BRAVE.search(asking()).results
    assert hit.title == "Tom & Jerry's [31m evil"
    assert len(hit.snippet) <= 1000 and hit.snippet.endswith("word…")
    assert hit.published_at is None


@pytest.mark.parametrize(
    "document",
    [{}, {"web": None}, {"web": []}, {"web": {"results": None}}, {"web": {"results": {}}}, {"results": 3}],
)
def test_an_answer_without_results_is_an_answer(brave, searxng, document):
    for site in (brave, searxng):
        site.refuses(200, json.dumps(document).encode())
    assert BRAVE.search(asking()).results == SEARXNG.search(asking()).results == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"<html>Just a moment</html>", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"web": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[1]", "not an object"),
    ],
    ids=["nothing", "a page", "deep", "a long number", "bytes", "a list"],
)
def test_an_answer_that_cannot_be_read_is_a_failure_that_may_pass(brave, body, words):
    brave.refuses(200, body)
    error = refusal(BRAVE)
    assert words in str(error)
    assert not error.permanent


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b" " * (http.MAX_BODY_BYTES + 1), {}),
        (gzip.compress(b" " * 200 * 2**20), {"Content_Encoding": "gzip"}),
    ],
    ids=["long", "a bomb"],
)
def test_an_answer_that_is_too_long_is_not_read_to_its_end(brave, body, headers):
    brave.refuses(200, body, **headers)
    tracemalloc.start()
    try:
        error = refusal(BRAVE)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
    assert str(error) == "cannot be used (artifact_size_exceeded)" and error.permanent


def test_a_redirect_is_not_followed(brave, searxng):
    brave.refuses(302, Location=f"{searxng.url}/search?q=x")
    error = refusal(BRAVE)
    assert str(error) == "cannot be used (too_many_redirects)" and error.permanent
    assert searxng.asked == []


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "after"),
    [
        (429, {"Retry_After": "7"}, False, 7),
        (429, {"X_RateLimit_Reset": "1, 1419704"}, False, 1),
        (429, {"Retry_After": "999999999"}, False, 3600),
        (429, {"Retry_After": "soon"}, False, None),
        (429, {"Retry_After": "-5"}, False, None),
        (503, {"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, False, 0),
        (500, {}, False, None),
        (401, {}, True, None),
        (422, {}, True, None),
    ],
)
def test_a_refusal_says_whether_to_come_back_and_when(brave, status, headers, permanent, after):
    brave.refuses(status, **headers)
    error = refusal(BRAVE)
    assert str(error) == f"answered {status}"
    assert (error.permanent, error.retry_after_seconds) == (permanent, after)
    assert len(brave.asked) == 1


def test_a_provider_that_is_not_there(configure, brave):
    configure(SEARCH={"BRAVE_API_URL": "http://127.0.0.1:1/"})
    assert "no answer" in str(refusal(BRAVE))


def test_silence_ends_in_time(monkeypatch, brave):
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.3)
    brave.reply = lambda request, _: request.rfile.read(1)  # the client never sends that byte
    assert str(refusal(BRAVE)).startswith("no answer within 0.3 s")


@pytest.mark.parametrize("where", ["head", "body"])
def test_an_answer_that_drips_ends_in_time(monkeypatch, brave, where):
    """Every byte comes before any single read has waited long; only the deadline of the whole ends it."""
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.5)
    left = threading.Event()

    def drip(request, _):
        request.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if where == "body" else b"X-Slow: "))
        while not left.wait(0.05):
            request.wfile.write(b" ")

    brave.reply = drip
    try:
        assert str(refusal(BRAVE)).startswith("no answer within 0.5 s")
    finally:
        left.set()


def test_the_environment_names_no_proxy_for_us(monkeypatch, brave):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert len(BRAVE.search(asking()).results) == 3


def test_what_is_missing_is_named(configure):
    configure(SEARCH={"BRAVE_API_KEY": "", "SEARXNG_URL": None})
    assert BRAVE.missing() == "BRAVE_API_KEY is not set"
    assert SEARXNG.missing() == "SEARXNG_URL is not set"
    assert PROVIDERS["library"].missing() is None


def test_the_operator_reads_what_the_provider_said_and_the_tenant_does_not(configure, brave):
    brave.refuses(401, json.dumps({"error": {"detail": "bad token"}}).encode())
    error = refusal(BRAVE)
    assert "bad token" in error.detail and "bad token" not in str(error)
    configure(SEARCH={"BRAVE_API_URL": "http://127.0.0.1:1/inside"})
    error = refusal(BRAVE)
    assert "127.0.0.1" in error.detail and "127.0.0.1" not in str(error)
    assert KEY not in error.detail


def test_a_404_of_another_server_is_not_the_same_as_nothing_found(configure, searxng):
    configure(SEARCH={"SEARXNG_URL": f"{searxng.url}/elsewhere"})
    assert refusal(SEARXNG).permanent
