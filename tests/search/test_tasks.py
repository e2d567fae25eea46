"""Search tasks in a real cluster: their results and artifacts, one call for many processes, failures and cancelling."""

import json
import threading
from ipaddress import ip_network

import pytest

from queueapp import tasks
from queueapp.artifacts.object_store import open_object
from queueapp.models import Artifact, Run, TaskLog
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.search.servers import KEY, Site, brave_document, brave_item, running, searxng_item, send
from tests.search.test_library import keep
from tests.waiting import PATIENCE_SECONDS, wait_until
from workloads.search.settings import settings as search_settings


@pytest.fixture
def cluster(clean_database, brave, searxng, configure):
    """Two workers, for whom both providers are configured and allowed."""
    configure(SEARCH={"SOURCE_ALLOWLIST": ["brave", "searxng"]})
    with running_cluster(
        BRAVE_API_URL=str(search_settings.brave_api_url),
        BRAVE_API_KEY=KEY,
        SEARXNG_URL=str(search_settings.searxng_url),
        SEARCH_SOURCE_ALLOWLIST="brave,searxng",
        SEARCH_CALLS_PER_SECOND="1000",
    ) as cluster:
        yield cluster


def submit(tenant, type="search", **params):
    return tasks.submit(type, params, tenant_id=tenant.id)


def ended(task, *, seconds=20):
    wait_until(lambda: fresh(task).status in FINAL)
    return fresh(task)


def artifacts(task):
    """(type, metadata, content) by id."""
    with operator_scope("operator:test"):
        rows = list(Artifact.objects.filter(task_id=task.id))
    kept = {}
    for row in rows:
        with open_object(row.object_key) as file:
            kept[str(row.id)] = (row.type, row.metadata, file.read())
    return kept


def first_document(task):
    """The artifact that the result names first, read as JSON."""
    type, _, content = artifacts(task)[task.result["artifact_ids"][0]]
    return type, json.loads(content)


def test_a_search_leaves_its_results_and_what_the_providers_sent(acme, cluster, brave, searxng):
    keep(acme, "ours")
    task = ended(submit(acme, query="deep sea"))
    assert (task.status, task.error_message) == ("completed", "")
    assert task.result["summary"] == "5 results from brave, library, searxng"
    assert [each["status"] for each in task.result["providers"]] == ["ok"] * 3
    assert task.result["cached"] is False

    kept = artifacts(task)
    assert kept.keys() == set(task.result["artifact_ids"])
    assert [kept[each][0] for each in task.result["artifact_ids"]] == ["search_results", "search_raw", "search_raw"]
    raw = {metadata["provider"]: json.loads(content) for type, metadata, content in kept.values() if metadata}
    assert raw["brave"]["web"]["results"] == brave.items and raw["searxng"]["results"] == searxng.items
    _, document = first_document(task)
    assert document.keys() == {"query", "results", "sources_used", "providers", "retrieved_at"}
    assert document["results"][0]["ranks"] == {"brave": 3, "searxng": 1}

    again = ended(submit(acme, query="deep sea"))
    assert again.result["cached"] is False  # the library is read anew
    assert [each["status"] for each in again.result["providers"]] == ["cached", "ok", "cached"]
    assert len(again.result["artifact_ids"]) == 1
    with operator_scope("operator:test"):
        runs = list(Run.objects.filter(task_id__in=[task.id, again.id]))
    assert [run.status for run in runs] == ["completed"] * 2 and runs[0].run_key == runs[1].run_key
    forced = ended(submit(acme, query="deep sea", force=True))
    assert [each["status"] for each in forced.result["providers"]] == ["ok"] * 3
    assert len(brave.asked) == 2


def test_two_processes_make_one_call(acme, globex, cluster, brave):
    both_run = threading.Event()

    def reply(request, parameters):
        assert both_run.wait(PATIENCE_SECONDS)
        brave.answer(request, parameters)

    brave.reply = reply
    both = [submit(tenant, query="deep sea", sources=["brave"]) for tenant in (acme, globex)]
    wait_until(lambda: all(fresh(task).status == "leased" for task in both))
    assert len({fresh(task).worker_id for task in both}) == 2
    both_run.set()
    done = [ended(task) for task in both]
    assert sorted(task.result["cached"] for task in done) == [False, True]
    assert len(brave.asked) == 1
    results = [first_document(task)[1]["results"] for task in done]
    assert results[0] == results[1] and len(results[0]) == 3


def test_one_provider_failing_degrades_the_result(acme, cluster, brave):
    brave.refuses(503)
    task = ended(submit(acme, query="deep sea", sources=["brave", "searxng"]))
    assert (task.status, task.result["summary"]) == ("completed", "2 results from searxng")
    assert task.result["providers"][0] == {"name": "brave", "status": "failed", "results": 0, "error": "answered 503"}
    with operator_scope("operator:test"):
        line = TaskLog.objects.get(task_id=task.id, kind="log")
    assert (line.level, line.message) == ("warning", "brave: answered 503")


def test_all_failing_is_tried_again_when_the_provider_wants_it(acme, cluster, brave):
    brave.refuses(429, Retry_After="1")
    task = submit(acme, query="deep sea", sources=["brave"])
    wait_until(lambda: fresh(task).status == "failed")
    assert (fresh(task).error_code, fresh(task).error_message) == ("retry_later", "brave: answered 429")
    brave.reply = brave.answer
    assert (ended(task).status, fresh(task).failures) == ("completed", 1)


def test_a_key_that_is_refused_ends_the_task_at_once(acme, cluster, brave):
    brave.refuses(401)
    task = ended(submit(acme, query="deep sea", sources=["brave"]))
    assert (task.status, task.attempt) == ("dead_letter", 1)
    assert (task.error_code, task.error_message) == ("permanent_failure", "brave: answered 401")


def test_a_batch_answers_in_order_and_asks_once_for_each_query(acme, cluster, brave, searxng):
    ended(submit(acme, query="known", sources=["brave"]))
    task = ended(submit(acme, "search.batch", queries=["new", "known", "new"], sources=["brave"]))
    assert (task.status, task.result["summary"]) == ("completed", "6 results from brave")
    assert task.result["providers"] == [{"name": "brave", "ok": 1, "cached": 1, "failed": 0}]
    type, document = first_document(task)
    assert type == "search_batch_results"
    entries = [(entry["query"], entry["cached"], len(entry["results"])) for entry in document["queries"]]
    assert entries == [("new", False, 3), ("known", True, 3), ("new", False, 3)]
    assert [asked["q"] for asked in brave.asked] == ["known", "new"]
    assert len(task.result["artifact_ids"]) == 2


def test_a_query_without_an_answer_does_not_end_the_batch(acme, cluster, brave):
    def reply(request, parameters):
        if parameters["q"] == "bad":
            request.send_error(500)
        else:
            brave.answer(request, parameters)

    brave.reply = reply
    task = ended(submit(acme, "search.batch", queries=["good", "bad"], sources=["brave"]))
    assert task.result["summary"] == "3 results from brave; 1 queries without an answer"
    entries = first_document(task)[1]["queries"]
    assert [entry["sources_used"] for entry in entries] == [["brave"], []]
    assert entries[1]["providers"][0]["error"] == "answered 500"

    brave.refuses(401)
    failed = ended(submit(acme, "search.batch", queries=["worse", "worst"], sources=["brave"]))
    assert (failed.status, failed.error_message) == ("dead_letter", "brave: answered 401")


def test_a_batch_tells_its_progress_and_stops_when_cancelled(acme, cluster, brave):
    gates = {"first": threading.Event(), "second": threading.Event()}
    arrived = {name: threading.Event() for name in gates}

    def reply(request, parameters):
        arrived[parameters["q"]].set()
        gates[parameters["q"]].wait(PATIENCE_SECONDS)
        brave.answer(request, parameters)

    brave.reply = reply
    task = submit(acme, "search.batch", queries=["first", "second", "third"], sources=["brave"])
    gates["first"].set()
    assert arrived["second"].wait(PATIENCE_SECONDS)
    wait_until(lambda: (fresh(task).progress or {}).get("message") == "1 of 3 queries")
    assert fresh(task).progress["fraction"] == pytest.approx(1 / 3, abs=0.001)
    with operator_scope("operator:test"):
        tasks.cancel(task.id)
    assert ended(task).status == "cancelled"
    gates["second"].set()
    assert [asked["q"] for asked in brave.asked] == ["first", "second"]


def test_what_was_fetched_is_found_without_any_provider(acme, configure):
    text = (
        "<article><h1>Whales</h1>" + "<p>Whales sing in the deep sea, and are heard from afar.</p>" * 20 + "</article>"
    )
    site = Site(brave_document, [])
    site.reply = lambda request, _: send(request, 200, text.encode(), Content_Type="text/html; charset=utf-8")
    with running(site, "/whales"), running_cluster(FETCH_ALLOWED_NETWORKS="127.0.0.0/8", BRAVE_API_KEY=""):
        configure(FETCH={"ALLOWED_NETWORKS": [ip_network("127.0.0.0/8")]})
        assert ended(submit(acme, "fetch", url=f"{site.url}/whales")).status == "completed"
        task = ended(submit(acme, query="whales sing"))
    assert task.result["summary"] == "1 result from library"
    (result,) = first_document(task)[1]["results"]
    assert (result["url"], result["source"], result["ranks"]) == (f"{site.url}/whales", "library", {"library": 1})
    assert "Whales sing" in result["snippet"]


def test_no_tenant_sees_what_another_has_fetched(acme, globex, cluster, brave, searxng):
    keep(acme, "secret", "The deep sea is acme's.")
    brave.items, searxng.items = [brave_item(1)], [searxng_item(2)]
    ours, theirs = (first_document(ended(submit(tenant, query="deep sea")))[1] for tenant in (acme, globex))
    assert "https://acme.example/secret" in json.dumps(ours)
    assert "acme" not in json.dumps(theirs)
