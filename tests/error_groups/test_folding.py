"""Failures counted in their groups: each once, with their words, in bounded rows."""

from datetime import timedelta

from django.db import DatabaseError

from queueapp import tasks
from queueapp.db import statements
from queueapp.error_groups import folding, queries, service
from queueapp.models import ErrorGroup, ErrorStat, Task, TaskDelta
from queueapp.models.base import Now
from queueapp.states import Status
from queueapp.tasks.filters import TaskFilter
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope, tenant_scope
from tests.commands.calling import create_worker
from tests.error_groups.failing import fail, fingerprint_of, fold, groups
from tests.tasks.workers import Worker as Claiming
from tests.tasks.workers import expire_lease

MESSAGES = [f"ValueError: card {number} was refused" for number in range(3)]


def released(release):
    """A worker of a release, as claims know it."""
    return Claiming(create_worker(release=release, queues=None).id)


def test_failures_of_one_kind_are_counted_together(acme, globex):
    ids = fail(acme, *MESSAGES)
    fail(globex, MESSAGES[0])
    fail(acme, "ValueError: no card at all")
    fold()
    fold()
    kinds = {(group.tenant.slug, group.title): group.failures for group in groups()}
    assert kinds == {
        ("acme", "ValueError: card N was refused"): 3,
        ("globex", "ValueError: card N was refused"): 1,
        ("acme", "ValueError: no card at all"): 1,
    }
    (group,) = groups(tenant=acme, failures=3)
    assert (group.type, group.code, group.state) == ("echo", "ValueError", "open")
    assert {fingerprint_of(task_id) for task_id in ids} == {group.fingerprint}
    assert group.sample_task_id in ids
    assert group.first_seen <= group.last_seen
    with operator_scope("operator:test"):
        spans = dict(
            ErrorStat.objects.filter(fingerprint=group.fingerprint, tenant=acme).values_list("span_seconds", "failures")
        )
        matching = TaskFilter(error_fingerprint=group.fingerprint).narrow(Task.objects.filter(tenant=acme))
        assert set(matching.values_list("id", flat=True)) == set(ids)
    assert spans == {300: 3, 3600: 3}


def test_the_fingerprint_goes_with_the_error(acme):
    (again,) = fail(acme, "lost", kind=OutcomeKind.ERROR, code="Lost")
    (retried,) = fail(acme, "lost", code="Lost")
    assert fingerprint_of(again) == fingerprint_of(retried) is not None
    with operator_scope("operator:test"):
        tasks.retry(retried)
    assert fingerprint_of(retried) is None
    worker = Claiming()
    claimed = worker.claim()
    worker.settle(claimed.id, claimed.attempt, OutcomeKind.COMPLETED, result="1")
    assert fingerprint_of(retried) is None


def test_a_crash_and_a_time_out_have_fingerprints_too(acme):
    task = tasks.submit("echo", tenant_id=acme.id)
    for _ in range(3):
        Claiming().claim()
        expire_lease(task.id)
    with operator_scope("operator:test"):
        assert Task.objects.get(id=task.id).status == Status.DEAD_LETTER
    fold()
    (group,) = groups()
    assert (group.code, group.failures, group.sample_task_id) == ("worker_crashed", 1, task.id)
    assert group.fingerprint == fingerprint_of(task.id)


def test_messages_that_always_differ_make_no_rows_without_end(acme, globex, monkeypatch):
    monkeypatch.setattr(folding, "MOST_GROUPS", 2)
    for batch in (("one",), ("two",), ("three", "four", "one"), ("five",)):
        fail(acme, *batch)
        fold()
    fail(globex, "three")
    fold()
    counted = {group.title: group.failures for group in groups(tenant=acme)}
    assert counted == {"one": 2, "two": 1, folding.OTHER_TITLE: 3}
    assert [group.title for group in groups(tenant=globex)] == ["three"]


def test_a_fold_that_fails_counts_nothing_and_the_next_counts_once(acme, monkeypatch):
    fail(acme, *MESSAGES)
    real = statements.rows

    def dying(name, parameters=None):
        found = real(name, parameters)
        if name == "fold_errors":
            raise DatabaseError("the maintenance runner died here")
        return found

    monkeypatch.setattr(folding.statements, "rows", dying)
    fold()
    with operator_scope("operator:test"):
        assert TaskDelta.objects.filter(error_fingerprint__isnull=False).exists()
        assert not ErrorGroup.objects.exists()
    monkeypatch.setattr(folding.statements, "rows", real)
    fold()
    assert [group.failures for group in groups()] == [3]


def test_an_ignored_error_is_open_again_once_its_count_is_passed(acme):
    fail(acme, *MESSAGES)
    fold()
    (group,) = groups()
    with operator_scope("operator:test"):
        service.ignore(service.locked(group.fingerprint), more=2, note="known")
    fail(acme, MESSAGES[0])
    fold()
    assert [group.state for group in groups()] == ["ignored"]
    fail(acme, MESSAGES[0])
    fold()
    assert [(group.state, group.failures) for group in groups()] == [("open", 5)]


def test_a_resolved_error_is_open_again_in_another_release(acme):
    old, new = released("1f70"), released("1f71")
    fail(acme, MESSAGES[0], worker=old)
    fold()
    (group,) = groups()
    assert (group.first_release, group.last_release) == ("1f70", "1f70")
    with operator_scope("operator:test"):
        service.resolve(service.locked(group.fingerprint), release="1f71")
    fail(acme, MESSAGES[0], worker=old)  # which runs on for a moment
    fold()
    assert [(group.state, group.resolved_in) for group in groups()] == [("resolved", "1f71")]
    fail(acme, MESSAGES[0], worker=new)
    fold()
    (group,) = groups()
    assert (group.state, group.first_release, group.last_release) == ("open", "1f70", "1f71")


def test_where_releases_have_no_names_a_resolved_error_is_open_when_seen_again(acme):
    fail(acme, MESSAGES[0])
    fold()
    with operator_scope("operator:test"):
        service.resolve(service.locked(groups()[0].fingerprint))
    fail(acme, MESSAGES[0])
    fold()
    assert [group.state for group in groups()] == ["open"]


def test_a_window_counts_what_was_seen_in_it(acme, globex):
    fail(acme, *MESSAGES)
    fail(globex, MESSAGES[0])
    fail(acme, "old")
    fold()
    with operator_scope("operator:test"):
        back = Now() - timedelta(hours=5)
        ErrorGroup.objects.filter(title="old").update(first_seen=back, last_seen=back)
        (row,) = queries.error_rows("3h")
        assert (row.failures, row.tenants, sum(row.buckets), len(row.buckets)) == (4, 2, 4, 37)
        assert [each.failures for each in queries.error_rows("1h", tenant_id=globex.id)] == [1]
        assert {each.title for each in queries.error_rows("24h", type_pattern="echo")} == {row.title, "old"}
        assert queries.error_rows("24h", type_pattern="echo.*") == queries.error_rows("24h", state="ignored") == []
        detail = queries.error_detail(row.fingerprint, "7d")
        assert {group.tenant.slug: group.failures for group in detail.groups} == {"acme": 3, "globex": 1}
        assert detail.sample.log["message"] in MESSAGES
    with tenant_scope(globex.id):
        (own,) = queries.error_rows("24h")
        assert (own.failures, own.tenants) == (1, 1)


def test_the_sample_keeps_its_traceback_when_the_task_was_retried(acme):
    try:
        raise LookupError("card 7")
    except LookupError as error:
        (task_id,) = fail(acme, "LookupError: card 7", code="LookupError", error=error)
    fold()
    with operator_scope("operator:test"):
        tasks.retry(task_id)
        detail = queries.error_detail(groups()[0].fingerprint)
    assert detail.row.exception_class == "builtins.LookupError"
    assert "in test_the_sample_keeps" in detail.sample.log["detail"]["traceback"]


def test_what_was_not_seen_for_long_goes(acme):
    fail(acme, "old", "new")
    fold()
    with operator_scope("operator:test"):
        ErrorGroup.objects.filter(title="old").update(last_seen=Now() - timedelta(days=31))
        ErrorStat.objects.filter(span_seconds=300).update(starts_at=Now() - timedelta(hours=5))
        statements.rows("prune", {"batch": 100})
        assert list(ErrorGroup.objects.values_list("title", flat=True)) == ["new"]
        assert set(ErrorStat.objects.values_list("span_seconds", flat=True)) == {3600}
