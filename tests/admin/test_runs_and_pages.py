"""Runs with what they measured and noted, and fetched pages: found, shown escaped, never written."""

import pytest
from django.utils import timezone

from queueapp.models import Run, RunMetric, RunNote
from queueapp.tenancy import operator_scope, tenant_scope
from tests.admin.pages import TASKS, shown
from workloads.fetch.models import FetchedPage

RUNS = "/admin/queueapp/run/"
PAGES = "/admin/workloads/fetchedpage/"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def make_run(make_task, acme):
    def make(key, tenant=acme):
        task = make_task("leased", tenant)
        with operator_scope("operator:test"):
            run = Run.objects.create(tenant=tenant, task=task, attempt=1, run_key=key, metadata={SCRIPT: SCRIPT})
            RunMetric.objects.create(tenant=tenant, run=run, task=task, name=SCRIPT, value={"token": "s3cret", "n": 3})
            RunNote.objects.create(tenant=tenant, run=run, task=task, type="summary", content=SCRIPT)
            return run

    return make


@pytest.fixture
def page(acme):
    with tenant_scope(acme.id):
        return FetchedPage.objects.create(
            tenant=acme,
            url=f"https://acme.example/?{SCRIPT}",
            requested_url=SCRIPT,
            title=SCRIPT,
            text=SCRIPT * 2000,
            size_bytes=1,
            sha256="0" * 64,
            fetched_at=timezone.now(),
        )


def test_a_run_is_found_by_its_key_and_by_its_tenant(root, make_run, globex):
    ours, theirs = make_run("a b"), make_run("k", globex)
    assert shown(root.get(RUNS)) == [theirs, ours]
    assert shown(root.get(RUNS, {"q": "a b"})) == [ours]
    assert shown(root.get(RUNS, {"tenant": "globex"})) == [theirs]
    assert shown(root.get(RUNS, {"q": "a"})) == []


def test_its_page_shows_metrics_and_notes_escaped_and_its_task(watcher, make_run):
    run = make_run(SCRIPT)
    text = watcher.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert f"{TASKS}{run.task_id}/change/" in text
    assert "&quot;n&quot;: 3" in text
    assert "s3cret" not in text
    for address in (f"{RUNS}{run.pk}/change/", RUNS, f"{RUNS}?q={SCRIPT}"):
        assert SCRIPT not in watcher.get(address).content.decode()


def test_a_page_is_found_by_its_address_and_shown_escaped(watcher, page):
    assert shown(watcher.get(PAGES, {"q": page.url})) == [page]
    assert shown(watcher.get(PAGES, {"q": "acme"})) == []
    for address in (PAGES, f"{PAGES}{page.pk}/change/", f"{PAGES}?q={SCRIPT}"):
        text = watcher.get(address).content.decode()
        assert SCRIPT not in text
        assert len(text) < 300_000
    assert 'href="https://acme' not in text


@pytest.mark.parametrize("address", [RUNS, PAGES])
def test_nobody_writes_them(root, make_run, page, address):
    row = page if address == PAGES else make_run("k")
    for name in ("", "add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert root.post(f"{address}{name}", {"url": "x", "post": "yes"}).status_code == 403


def test_the_menu_names_the_configuration_as_people_do(root, clean_database):
    text = root.get("/admin/").content.decode()
    for name in ("Configuration</a>", "Custom keys</a>", "Audit</a>", "Runs</a>", "Fetched pages</a>"):
        assert name in text
