"""What is done to the configuration is in the one stream of who did what."""

import pytest
from django.db import connection

from configapp.changes import submit_change
from configapp.errors import ChangeRefused
from queueapp.db.audit import AuditedTable
from queueapp.tenancy import operator_scope
from tests.configapp.applying import ALICE

COLUMNS = "source, actor, action, target, detail ->> 'status', detail ->> 'new_value'"


def stream():
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM taskrunner_audit WHERE source = 'configuration' ORDER BY at")
        return cursor.fetchall()


def test_changes_and_refusals_are_in_the_stream(config_worker):
    submit_change("app.workers", 8, actor=ALICE)
    config_worker.run_all()
    with pytest.raises(ChangeRefused):
        submit_change("app.workers", "many", actor=ALICE)
    assert stream() == [
        ("configuration", ALICE, "set", "app.workers", "success", "8"),
        ("configuration", ALICE, "set", "app.workers", "refused", None),
    ]


def test_a_secret_is_masked_there_too(config_worker):
    submit_change("github.api_token", "a-token-of-some-length", actor=ALICE)
    config_worker.run_all()
    ((*_, shown),) = stream()
    assert "a-token" not in shown


def test_other_records_stay_in_it(config_worker, make_task):
    make_task("completed")
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT source FROM taskrunner_audit")
        assert ("task",) in cursor.fetchall()


def test_the_operation_says_what_it_does():
    assert AuditedTable("refunds", "at").describe() == "Rows of refunds in taskrunner_acts"
