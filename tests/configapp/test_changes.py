"""One change from the wish to the version: what is accepted, what is refused, and what each leaves behind."""

import pytest
from django.db import DatabaseError, connection, transaction

from configapp.changes import ChangeRequest, dry_run, roll_back, submit_change, submit_changes, unset
from configapp.errors import ChangeRefused, VersionMismatch
from configapp.models import ConfigChange
from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import operator_scope, tenant_scope
from tests.configapp.applying import ALICE, BOB, fresh, records, stored, task, versions

PORT, DEBUG = "app.api_port", "app.debug"


def everything_accepted():
    with operator_scope("operator:test"):
        return ConfigChange.objects.count(), Task.objects.count()


def refusal_of(verb, *arguments, **options):
    with pytest.raises(ChangeRefused) as refused:
        verb(*arguments, actor=ALICE, **options)
    return [(error.field, error.code) for error in refused.value.errors]


def test_an_accepted_change_is_a_row_and_a_task_and_nothing_else_yet(clean_database):
    change = submit_change(PORT, "9000", actor=ALICE)
    assert (change.status, change.value, change.version) == ("accepted", "9000", None)
    waiting = task(change.task_id)
    assert (waiting.status, waiting.queue, waiting.params, waiting.labels) == ("queued", "config", {}, [PORT])
    assert stored(PORT) is None
    assert records() == []


def test_its_task_applies_it_once_with_version_and_record(config_worker):
    change = submit_change(DEBUG, "TRUE ", actor=ALICE)
    (done,) = config_worker.run_all()
    expected = {"outcome": "applied", "versions": {DEBUG: 1}, "applied_by": str(done.id)}
    assert (done.status, done.result) == ("completed", expected)
    row = stored(DEBUG)
    assert (row.config_value, row.version, row.is_active) == ("true", 1, True)
    assert versions(DEBUG) == [(1, True)]
    (record,) = records()
    assert (record.actor, record.action, record.status) == (ALICE, "set", "success")
    assert (record.old_value, record.new_value, record.version) == (None, "true", 1)
    assert (record.change_id, record.task_id) == (change.id, done.id)


def test_a_second_change_of_a_key_tells_what_was_before(config_worker):
    for value in (9000, 9001):
        submit_change(PORT, value, actor=ALICE)
        config_worker.run_all()
    assert [(each.old_value, each.new_value) for each in records()] == [(None, "9000"), ("9000", "9001")]
    assert versions(PORT) == [(1, 9000), (2, 9001)]


def test_to_unset_is_a_version_without_a_value(config_worker):
    submit_change(PORT, 9000, actor=ALICE)
    unset(PORT, actor=BOB)
    config_worker.run_all()
    assert versions(PORT) == [(1, 9000), (2, None)]
    assert stored(PORT).is_active is False
    assert records()[-1].action == "unset"


def test_to_roll_back_makes_a_new_version_of_an_old_value(config_worker):
    submit_change(PORT, 9000, actor=ALICE)
    submit_change(PORT, 9001, actor=ALICE)
    config_worker.run_all()
    roll_back(PORT, 1, actor=BOB)
    unset(PORT, actor=BOB)
    config_worker.run_all()
    roll_back(PORT, 4, actor=BOB)  # to unset again
    config_worker.run_all()
    assert versions(PORT) == [(1, 9000), (2, 9001), (3, 9000), (4, None), (5, None)]
    assert [record.action for record in records()] == ["set", "set", "rollback", "unset", "rollback"]


def test_a_version_that_does_not_exist_is_refused(clean_database):
    assert refusal_of(roll_back, PORT, 7) == [("version", "unknown_version")]
    assert [record.reason for record in records()] == ["unknown_version"]


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("app$debug", True, "key"),
        ("a.b", True, "key"),
        ("a." + "b" * 63, True, "key"),
        ("no.such_key", 1, "key"),
        ("bad\x00\ud800.key", 1, "key"),
        (PORT, "notanumber", "value"),
        (PORT, 999_999, "value"),
        (DEBUG, "maybe", "value"),
        ("anythingllm.endpoint", "ftp://bad", "value"),
        ("ai.llm_model", "x" * 257, "value"),
        ("ai.llm_model", "<script>alert(1)</script>", "value"),
        ("ai.llm_model", "DROP TABLE users;", "value"),
    ],
)
def test_a_refusal_accepts_nothing_and_leaves_one_record_without_the_value(clean_database, key, value, field):
    ((named, code),) = refusal_of(submit_change, key, value)
    assert named == field
    assert everything_accepted() == (0, 0)
    (record,) = records()
    assert (record.status, record.reason, record.new_value) == ("refused", code, None)
    assert record.actor == ALICE
    assert record.config_key in (key, "bad\\0?.key")


def test_of_a_bulk_all_or_none_is_accepted_and_every_bad_item_named(clean_database):
    requests = [
        ChangeRequest(PORT, 9000),
        ChangeRequest(DEBUG, "maybe"),
        ChangeRequest("app.workers", 99),
        ChangeRequest(PORT, 9001),
    ]
    refused = refusal_of(submit_changes, requests)
    assert refused == [("1.value", "not_a_boolean"), ("2.value", "out_of_range"), ("3.key", "given_twice")]
    assert everything_accepted() == (0, 0)
    reasons = [(record.config_key, record.reason) for record in records()]
    assert reasons == [
        (PORT, "others_refused"),
        (DEBUG, "not_a_boolean"),
        ("app.workers", "out_of_range"),
        (PORT, "given_twice"),
    ]


def test_a_bulk_is_one_task_one_number_and_one_record_a_key(config_worker):
    changes = submit_changes([ChangeRequest(PORT, 9000), ChangeRequest(DEBUG, True)], actor=ALICE)
    assert [change.config_key for change in changes] == [PORT, DEBUG]
    assert len({(change.task_id, change.submission) for change in changes}) == 1
    (done,) = config_worker.run_all()
    assert done.result["versions"] == {PORT: 1, DEBUG: 1}
    assert sorted((record.config_key, record.status) for record in records()) == [(PORT, "success"), (DEBUG, "success")]


def test_an_empty_bulk_is_no_error_and_no_change(clean_database):
    assert submit_changes([], actor=ALICE) == []
    assert everything_accepted() == (0, 0)


def test_a_dry_run_checks_and_leaves_nothing(clean_database):
    assert dry_run(DEBUG, " TRUE", actor=ALICE) is True
    assert refusal_of(dry_run, PORT, "x") == [("value", "not_an_integer")]
    assert everything_accepted() == (0, 0)
    assert records() == []


def test_a_change_that_expects_another_version_is_refused_at_once(config_worker):
    submit_change(PORT, 9000, actor=ALICE, expected_version=0)
    config_worker.run_all()
    with pytest.raises(VersionMismatch, match=r"app\.api_port is at version 1, not 0"):
        submit_change(PORT, 9001, actor=BOB, expected_version=0)
    assert [record.reason for record in records()] == ["", "version_mismatch"]
    assert submit_change(PORT, 9001, actor=BOB, expected_version=1).status == "accepted"


def test_one_that_is_overtaken_while_it_waits_ends_as_a_conflict(config_worker):
    submit_change(PORT, 9000, actor=ALICE, expected_version=0)
    late = submit_changes([ChangeRequest(PORT, 9001, expected_version=0), ChangeRequest(DEBUG, True)], actor=BOB)
    last = submit_change(PORT, 9002, actor=ALICE)
    config_worker.run_all()
    assert [fresh(change).status for change in late] == ["conflict", "conflict"]
    assert fresh(last).version == 2
    assert versions(PORT) == [(1, 9000), (2, 9002)]
    assert versions(DEBUG) == []  # all or none
    assert task(late[0].task_id).result["outcome"] == "conflict"
    failed = [(each.config_key, each.status, each.reason) for each in records(actor=BOB)]
    assert sorted(failed) == [(PORT, "failure", "version_mismatch"), (DEBUG, "failure", "version_mismatch")]


def test_acceptance_commits_or_rolls_back_with_the_callers_transaction(clean_database):
    with transaction.atomic():
        submit_change(PORT, 9000, actor=ALICE)
        transaction.set_rollback(True)
    assert everything_accepted() == (0, 0)


def test_what_the_database_refuses_is_on_record_too(clean_database):
    too_long = "operator:" + "x" * 300
    with pytest.raises(DatabaseError):
        submit_change(PORT, 9000, actor=too_long)
    assert everything_accepted() == (0, 0)


def test_a_task_that_no_change_belongs_to_changes_nothing(config_worker, acme):
    tasks.submit_internal({"type": "config.apply"}, tenant_id=acme.id)
    with tenant_scope(acme.id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM taskrunner_config_changes")
        assert cursor.fetchone() == (0,)
    (done,) = config_worker.run_all()
    assert (done.status, done.error_code) == ("dead_letter", "permanent_failure")
