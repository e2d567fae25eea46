"""A search over several sources: what is kept and shared, what fails, and what is made of it."""

import json
import logging
import threading

import pytest

from queueapp.errors import PermanentFailure, RetryLater
from queueapp.tenancy import bind_tenant
from tests.search.servers import brave_item, searxng_item, send
from tests.search.test_library import keep
from tests.waiting import PATIENCE_SECONDS, threads
from workloads.search import provider_call
from workloads.search.results import SearchQuery
from workloads.search.search import FailedSources, SearchFailed, failure_of, search

SEA = SearchQuery("deep sea", 7, 10)
ALL = ["brave", "library", "searxng"]


@pytest.fixture
def look(as_acme, task):
    """Search in acme's name."""

    def look(*sources, query=SEA, fresh=False, failed=None):
        return search(query, sources, task, fresh=fresh, failed=failed or FailedSources())

    return look


def statuses(findings):
    return {report.name: report.status for report in findings.reports}


def test_results_of_all_sources_are_merged(look, as_acme, brave, searxng):
    keep(as_acme, "ours")
    brave.items = [brave_item(1), brave_item(2)]
    searxng.items = [searxng_item(3), searxng_item(2)]
    found = look(*ALL).as_dict()
    assert [(result["url"], result["source"], result["ranks"]) for result in found["results"]] == [
        ("https://example.org/2", "brave", {"brave": 2, "searxng": 2}),
        ("https://example.org/1", "brave", {"brave": 1}),
        ("https://acme.example/ours", "library", {"library": 1}),
        ("https://example.org/3", "searxng", {"searxng": 1}),
    ]
    assert found["query"] == "deep sea" and found["sources_used"] == ALL
    assert found["providers"] == [
        {"name": "brave", "status": "ok", "results": 2, "error": None},
        {"name": "library", "status": "ok", "results": 1, "error": None},
        {"name": "searxng", "status": "ok", "results": 2, "error": None},
    ]


def test_the_second_time_nobody_is_asked(look, brave, searxng):
    first, second = look("brave", "searxng"), look("brave", "searxng")
    assert (first.cached, second.cached) == (False, True)
    assert second.as_dict()["results"] == first.as_dict()["results"]
    assert second.retrieved_at == first.retrieved_at
    assert [report.response.raw is None for report in first.reports] == [False, False]
    assert [report.response.raw for report in second.reports] == [None, None]
    assert len(brave.asked) == len(searxng.asked) == 1


def test_each_source_is_kept_by_itself(look, brave, searxng):
    look("brave")
    assert statuses(look("brave", "searxng")) == {"brave": "cached", "searxng": "ok"}


@pytest.mark.parametrize(
    "other", [SearchQuery("deep Sea", 7, 10), SearchQuery("deep sea", 8, 10), SearchQuery("deep sea", 7, 9)]
)
def test_other_queries_have_other_responses(look, brave, other):
    look("brave")
    assert not look("brave", query=other).cached
    assert len(brave.asked) == 2


def test_a_fresh_search_asks_again(look, brave):
    look("brave")
    brave.items = [brave_item(9)]
    assert [result.page.title for result in look("brave", fresh=True).results] == ["Page 9"]
    assert [result.page.title for result in look("brave").results] == ["Page 9"]


def test_what_is_the_webs_is_shared_and_what_is_ones_own_is_not(acme, globex, task, brave):
    keep(acme, "ours")
    keep(globex, "theirs")
    with bind_tenant(acme.id):
        first = search(SEA, ["brave", "library"], task, fresh=False, failed=FailedSources())
    with bind_tenant(globex.id):
        second = search(SEA, ["brave", "library"], task, fresh=False, failed=FailedSources())
    assert statuses(second) == {"brave": "cached", "library": "ok"}
    urls = [{result.page.url for result in found.results} for found in (first, second)]
    assert "https://acme.example/ours" in urls[0] and "https://acme.example/ours" not in urls[1]
    assert "https://globex.example/theirs" in urls[1] and "https://globex.example/theirs" not in urls[0]


def test_tenants_at_once_make_one_call(acme, globex, task, brave):
    arrived, may_answer = threading.Event(), threading.Event()

    def reply(request, parameters):
        arrived.set()
        assert may_answer.wait(PATIENCE_SECONDS)
        brave.answer(request, parameters)

    brave.reply = reply
    waits = threading.Semaphore(0)

    class Waiting(type(task)):
        def check_cancelled(self):
            waits.release()

    def look(tenant, who):
        with bind_tenant(tenant.id):
            return search(SEA, ["brave"], who, fresh=False, failed=FailedSources())

    with threads(2) as run:
        first = run(look, acme, task)
        assert arrived.wait(PATIENCE_SECONDS)
        second = run(look, globex, Waiting())
        for _ in range(3):  # one look at the list of sources, then those of waiting
            assert waits.acquire(timeout=PATIENCE_SECONDS)
        may_answer.set()
        assert statuses(first.result(PATIENCE_SECONDS)) == {"brave": "ok"}
        assert statuses(second.result(PATIENCE_SECONDS)) == {"brave": "cached"}
    assert len(brave.asked) == 1


def test_one_source_failing_leaves_the_others(look, task, brave, searxng):
    brave.refuses(503)
    found = look("brave", "searxng")
    assert found.sources_used == ["searxng"]
    assert found.as_dict()["providers"] == [
        {"name": "brave", "status": "failed", "results": 0, "error": "answered 503"},
        {"name": "searxng", "status": "ok", "results": 2, "error": None},
    ]
    assert [result.page.title for result in found.results] == ["Page 3", "Page 4"]
    assert task.lines == [("warning", "brave: answered 503")]
    assert not found.cached


def test_a_failure_is_not_kept(look, brave):
    brave.refuses(500)
    assert statuses(look("brave")) == {"brave": "failed"}
    brave.reply = brave.answer
    assert statuses(look("brave")) == {"brave": "ok"}


def test_no_key_is_a_failure_like_any_other(look, configure, brave):
    configure(SEARCH={"BRAVE_API_KEY": ""})
    found = look("brave", "library")
    assert found.reports[0].as_dict()["error"] == "BRAVE_API_KEY is not set"
    assert found.sources_used == ["library"] and brave.asked == []


def failure(look, *sources):
    found = look(*sources)
    assert found.sources_used == []
    return failure_of(found.reports)


def test_all_failing_is_tried_again_when_the_first_wants_it(look, brave, searxng):
    brave.refuses(429, Retry_After="30")
    searxng.refuses(429, Retry_After="20")
    error = failure(look, "brave", "searxng")
    assert isinstance(error, RetryLater) and error.after_seconds == 20
    assert str(error) == "brave: answered 429; searxng: answered 429"


def test_all_failing_without_a_word_of_when(look, brave, searxng):
    brave.refuses(500)
    searxng.refuses(403)
    assert isinstance(failure(look, "brave", "searxng"), SearchFailed)


def test_all_failing_for_good_is_permanent(look, configure, brave, searxng):
    configure(SEARCH={"BRAVE_API_KEY": ""})
    searxng.refuses(403)
    error = failure(look, "brave", "searxng")
    assert isinstance(error, PermanentFailure)
    assert str(error) == "brave: BRAVE_API_KEY is not set; searxng: answered 403"


def test_nothing_found_is_no_failure(look, brave):
    brave.items = []
    found = look("brave")
    assert found.results == [] and found.sources_used == ["brave"]


def test_providers_are_called_so_often_a_second(monkeypatch, configure, look, brave):
    configure(SEARCH={"CALLS_PER_SECOND": 2})
    monkeypatch.setattr(provider_call, "TURN_SECONDS", 0.0)
    found = [look("brave", query=SearchQuery(f"sea {number}", 7, 10)).reports[0] for number in range(5)]
    refused = [report.error for report in found if report.error]
    assert len(brave.asked) == 5 - len(refused) and refused
    assert "not asked: more than 2 searches a second" in str(refused[0]) and not refused[0].permanent


def test_a_turn_is_waited_for(configure, look, brave):
    configure(SEARCH={"CALLS_PER_SECOND": 1})
    assert [statuses(look("brave", query=SearchQuery(f"sea {number}", 7, 10)))["brave"] for number in range(2)] == [
        "ok",
        "ok",
    ]


def test_a_source_is_asked_until_it_failed_three_times_in_a_row(look, brave, searxng):
    failed = FailedSources()

    def statuses_of_next(*replies):
        answers = []
        for reply in replies:
            brave.reply = reply
            number = len(brave.asked) + len(searxng.asked)
            found = look("brave", "searxng", query=SearchQuery(f"sea {number}", 7, 10), failed=failed)
            answers.append(statuses(found)["brave"])
            assert statuses(found)["searxng"] == "ok"
        return answers

    good = brave.answer
    brave.refuses(500)
    bad = brave.reply
    assert statuses_of_next(bad, bad, good, bad, bad, bad) == ["failed"] * 2 + ["ok"] + ["failed"] * 3
    assert statuses_of_next(good) == ["failed"]
    assert len(brave.asked) == 6


def test_a_source_that_failed_for_good_is_not_asked_again(look, brave):
    failed = FailedSources()
    brave.refuses(401)
    for number in range(3):
        found = look("brave", query=SearchQuery(f"sea {number}", 7, 10), failed=failed)
        assert found.reports[0].as_dict()["error"] == "answered 401"
    assert len(brave.asked) == 1


def test_without_redis_it_works(look, brave, configure):
    configure(REDIS_URL="redis://127.0.0.1:1")
    assert statuses(look("brave")) == statuses(look("brave")) == {"brave": "ok"}
    assert len(brave.asked) == 2


def test_what_happens_is_logged_in_the_words_of_earlier_systems(look, task, caplog, brave, searxng):
    caplog.set_level(logging.INFO)
    searxng.refuses(500)
    look("brave", "searxng")
    look("brave")
    events = [
        (record.event, record.provider, record.task_id) for record in caplog.records if hasattr(record, "provider")
    ]
    assert events == [
        ("search_provider_called", "brave", str(task.id)),
        ("search_cache_miss", "brave", str(task.id)),
        ("search_provider_called", "searxng", str(task.id)),
        ("search_provider_error", "searxng", str(task.id)),
        ("search_cache_hit", "brave", str(task.id)),
    ]


def test_a_hostile_answer_is_kept_as_it_is_read(look, brave):
    brave.reply = lambda request, _: send(
        request, 200, json.dumps({"web": {"results": [brave_item(1, title="\ud800a\x00\u202eb")]}}).encode()
    )
    assert [result.page.title for result in look("brave").results] == ["a b"]
    assert [result.page.title for result in look("brave").results] == ["a b"]
