"""The fetch task: what it keeps, when it asks again, and how it fails."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from queueapp import tasks
from queueapp.limits import tenant_limits
from queueapp.models import Run, TaskLog, Tenant
from queueapp.tenancy import operator_scope, tenant_scope
from tests.fetch.workers import artifacts_of
from workloads.fetch.models import FetchedPage
from workloads.fetch.request import retry_after_seconds

ARTICLE = f"""<!doctype html><html><head><title>Bread | The Baker</title>
<meta name="author" content="Ann Baker"><meta property="article:published_time" content="2026-01-31T10:00:00Z">
<script>alert('not text')</script></head>
<body><nav>Home Shop Imprint</nav><article><h1>Bread</h1><p>{"Flour, water, salt and time. " * 20}</p></article>
<footer>All rights reserved</footer></body></html>"""


@pytest.fixture
def page(server):
    """The URL of an article with an ETag, which answers 304 to whoever has it."""

    def answer(exchange):
        if exchange.headers.get("if-none-match") == '"v1"':
            exchange.answer(status="304 Not Modified", ETag='"v1"')
        else:
            exchange.answer(ARTICLE.encode(), Content_Type="text/html; charset=utf-8", ETag='"v1"')

    return server.script("/article", answer)


def pages(tenant):
    with tenant_scope(tenant.id):
        return list(FetchedPage.objects.defer("search"))


def forget_runs():
    """Earlier results are too old to be used again."""
    with operator_scope("operator:test"):
        Run.objects.update(finished_at=datetime.now(UTC) - timedelta(days=1))


def test_a_page_becomes_readable_text(worker, acme, page):
    task = worker.fetch(page)
    assert task.status == "completed", task.error_message
    result = task.result
    assert (result["title"], result["author"], result["published_at"]) == ("Bread", "Ann Baker", "2026-01-31T10:00:00Z")
    assert (result["content_type"], result["size_bytes"]) == ("text/html", len(ARTICLE))
    assert result["sha256"] == hashlib.sha256(ARTICLE.encode()).hexdigest()
    assert result["url"] == result["final_url"] == result["canonical_url"] == page
    assert result["from_cache"] is False
    kept = artifacts_of(task)
    assert len(result["artifact_ids"]) == len(kept) == 1
    head, _, text = kept["fetch_text"].decode().partition("\n\n")
    assert head == f"Title: Bread\nAuthor: Ann Baker\nPublished: 2026-01-31T10:00:00+00:00\nURL: {page}"
    assert "Flour, water, salt and time." in text
    for left_out in ("Home Shop", "All rights", "alert"):
        assert left_out not in text
    (stored,) = pages(acme)
    assert (stored.url, stored.title, stored.etag, stored.text) == (page, "Bread", '"v1"', text)


def test_without_reader_mode_all_text_is_kept(worker, page):
    text = artifacts_of(worker.fetch(page, reader_mode=False))["fetch_text"].decode()
    assert "Home Shop" in text
    assert "Flour, water" in text
    assert "alert" not in text


def test_the_page_itself_is_kept_where_asked(worker, page):
    task = worker.fetch(page, store_raw_html=True)
    kept = artifacts_of(task)
    assert kept["fetch_html"] == ARTICLE.encode()
    assert len(task.result["artifact_ids"]) == 2


def test_an_unchanged_page_is_answered_from_what_is_known(worker, acme, server, page):
    first = worker.fetch(page)
    (before,) = pages(acme)
    forget_runs()
    second = worker.fetch(page)
    assert server.asked[-1].headers["if-none-match"] == '"v1"'
    assert second.result["from_cache"] is True
    same = ("title", "author", "published_at", "content_type", "size_bytes", "sha256")
    assert {name: second.result[name] for name in same} == {name: first.result[name] for name in same}
    assert artifacts_of(second) == artifacts_of(first)
    (after,) = pages(acme)
    assert after.fetched_at > before.fetched_at


def test_a_result_of_a_moment_ago_is_used_again_unless_forced(worker, server, page):
    first, second, forced = worker.fetch(page), worker.fetch(f"{page}#part"), worker.fetch(page, force=True)
    assert second.result["artifact_ids"] == first.result["artifact_ids"]
    assert len(server.asked) == 2
    assert "if-none-match" not in server.asked[-1].headers
    assert forced.result["from_cache"] is False


def test_a_page_read_in_another_way_is_fetched_whole(worker, server, page):
    worker.fetch(page)
    worker.fetch(page, reader_mode=False)
    worker.fetch(page, store_raw_html=True)
    assert [each.headers.get("if-none-match") for each in server.asked] == [None, None, None]


def test_a_changed_page_replaces_what_was_known(worker, acme, server):
    url = server.page("/", "<html><body><p>old words</p></body></html>", Last_Modified="Sat, 31 Jan 2026 10:00:00 GMT")
    worker.fetch(url)
    forget_runs()
    server.page("/", "<html><body><p>new words</p></body></html>")
    task = worker.fetch(url)
    assert server.asked[-1].headers["if-modified-since"] == "Sat, 31 Jan 2026 10:00:00 GMT"
    assert task.result["from_cache"] is False
    (stored,) = pages(acme)
    assert (stored.text, stored.last_modified) == ("new words", "")


def test_tenants_share_no_pages(worker, acme, globex, server, page):
    worker.fetch(page)
    worker.tenant = globex
    task = worker.fetch(page)
    assert task.result["from_cache"] is False
    assert "if-none-match" not in server.asked[-1].headers
    assert len(pages(acme)) == len(pages(globex)) == 1


def test_a_redirect_is_followed_and_told(worker, acme, server, page):
    task = worker.fetch(server.redirect("/old", "/article"))
    assert task.result["final_url"] == page
    assert task.result["canonical_url"] == f"{server.url}/old"
    assert f"URL: {page}\n" in artifacts_of(task)["fetch_text"].decode()


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=utf-8", "grüße", "grüße"),
        ("text/plain; charset=ISO-8859-1", "grüße".encode("latin-1"), "grüße"),
        ("text/markdown", "# Title\n\n*text*", "# Title\n\n*text*"),
        ("application/json", '{"a": 1}', '{"a": 1}'),
        ("TEXT/HTML", "plain words under a wrong flag", "plain words under a wrong flag"),
    ],
)
def test_other_text_is_kept_as_it_is(worker, server, content_type, body, text):
    task = worker.fetch(server.page("/", body, content_type))
    assert artifacts_of(task)["fetch_text"].decode().endswith(f"\n\n{text}")


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        ("404 Not Found", "fetch_http_status", "dead_letter"),
        ("401 Unauthorized", "fetch_http_status", "dead_letter"),
        ("304 Not Modified", "fetch_http_status", "dead_letter"),
        ("302 Found", "fetch_http_status", "dead_letter"),  # without saying where
        ("999 Odd", "fetch_unavailable", "failed"),
        ("500 Oops", "fetch_unavailable", "failed"),
        ("503 Busy", "fetch_unavailable", "failed"),
        ("429 Slower", "fetch_unavailable", "failed"),
        ("408 Timeout", "fetch_unavailable", "failed"),
        ("204 No Content", "content_type_not_allowed", "dead_letter"),
    ],
)
def test_what_a_status_means(worker, server, status, code, outcome):
    task = worker.fetch(server.script("/", lambda exchange: exchange.answer(status=status)))
    assert (task.status, task.error_code) == (outcome, code)


def test_the_server_says_when_to_come_back(worker, server):
    task = worker.fetch(
        server.script("/", lambda exchange: exchange.answer(status="503 Busy", Retry_After="1800")),
    )
    assert timedelta(minutes=29) < task.run_at - datetime.now(UTC) <= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("120", 120), ("99999999999", 3600), ("-5", None), ("soon", None), ("", None), ("1.5", None)],
)
def test_retry_after_in_seconds(header, seconds):
    assert retry_after_seconds(header) == seconds


def test_retry_after_as_a_date():
    now = datetime.now(UTC)
    assert 50 < (retry_after_seconds(format_datetime(now + timedelta(seconds=60))) or 0) <= 60
    assert retry_after_seconds(format_datetime(now - timedelta(days=1))) == 0
    assert retry_after_seconds(format_datetime(now + timedelta(days=9))) == 3600


def test_a_server_that_is_away_is_tried_again(worker, server):
    url = server.page("/", "text")
    server.close()
    task = worker.fetch(url)
    assert (task.status, task.error_code) == ("failed", "fetch_unavailable")
    assert "no connection to port" in task.error_message


@pytest.mark.parametrize(
    "body", ["", "<html><body></body></html>", "<html><script>x()</script></html>", "<div>" * 9999]
)
def test_a_page_without_text_fails_for_good(worker, acme, server, body):
    task = worker.fetch(server.page("/", body))
    assert (task.status, task.error_code) == ("dead_letter", "no_extractable_text")
    assert pages(acme) == []


def test_the_allowlist_holds_for_redirects_too(worker, acme, server, names, configure):
    configure(FETCH={"DOMAIN_ALLOWLIST": ["127.0.0.2"]})
    names.say("other.example", ["127.0.0.2"])
    task = worker.fetch(server.redirect("/", f"http://other.example:{server.port}/"))
    assert (task.status, task.error_code) == ("dead_letter", "fetch_domain_not_allowed")
    assert len(server.asked) == 1


def test_the_allowlist_is_asked_again_when_the_task_runs(worker, acme, server, page):
    tasks.submit("fetch", {"url": page}, tenant_id=acme.id)
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"fetch_domain_allowlist": ["elsewhere.example"]})
    tenant_limits.forget()
    worker.work()
    assert server.connections == 0


def test_a_forbidden_address_behind_a_name_fails_for_good(worker, server, canary, names):
    names.say("inside.example", ["10.0.0.1"])
    task = worker.fetch("http://inside.example/")
    assert (task.status, task.error_code) == ("dead_letter", "fetch_address_not_allowed")
    assert "10.0.0.1" not in task.error_message, "what an inside name resolves to is no tenant's business"
    assert "10.0.0.1" in task.error_traceback, "operators see it"


def test_a_name_that_leads_inside_and_one_that_leads_nowhere_fail_in_the_same_words(worker, server, names):
    """Else a tenant could ask which names there are inside."""
    failures = []
    for answer in (["10.0.0.1"], []):
        names.say("inside.example", answer)
        task = worker.fetch("http://inside.example/")
        failures.append((task.status, task.error_code, task.error_message))
    assert failures[0] == failures[1]


def test_a_name_that_accepts_no_connection_is_told_without_its_address(worker, server, names):
    names.say("intranet.example", ["127.0.0.2"])
    server.close()
    task = worker.fetch(f"http://intranet.example:{server.port}/")
    assert (task.status, task.error_code) == ("failed", "fetch_unavailable")
    assert f"no connection to port {server.port} of intranet.example: " in task.error_message
    assert "127.0.0.2" not in task.error_message


def test_what_happened_is_in_the_tasks_log_and_in_the_events(worker, page, caplog):
    with caplog.at_level("INFO", logger="workloads"):
        task = worker.fetch(page)
    events = [record.event for record in caplog.records if record.name.startswith("workloads")]
    assert events == ["fetch_started", "fetch_http_request", "fetch_extraction_completed", "fetch_completed"]
    with operator_scope("operator:test"):
        messages = TaskLog.objects.filter(task_id=task.id, kind="log").values_list("message", flat=True)
        assert f"fetched: {page}" in messages
