"""What handlers hand over in other forms than text and numbers is taken for what it says, or refused in a sentence."""

import pytest
from django.utils.translation import gettext_lazy

from queueapp.errors import RetryLater
from queueapp.json_values import as_text, kept_json
from queueapp.models import TaskLog
from queueapp.models.base import new_id
from queueapp.tasks.settle import completed
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.samples.hell import Unspeakable
from tests.worker.hostile import run_pairs


def test_retry_later_takes_the_text_of_a_header():
    assert (RetryLater("60").after_seconds, str(RetryLater("60"))) == (60.0, "Asked to be retried after 60 s.")
    assert str(RetryLater("1.5", "busy")) == "busy"


@pytest.mark.parametrize("seconds", ["Wed, 21 Oct 2026 07:28:00 GMT", None, [5]])
def test_retry_later_says_what_it_takes(seconds):
    with pytest.raises(ValueError, match="RetryLater takes a number of seconds, not"):
        RetryLater(seconds)


def test_a_translation_in_a_result_becomes_text():
    lazy = gettext_lazy("Yes")
    assert completed(new_id(), 1, {"answer": lazy, "all": [lazy, {lazy: lazy}]}).result == (
        '{"answer": "Yes", "all": ["Yes", {"Yes": "Yes"}]}'
    )
    refused = completed(new_id(), 1, {"answer": object()})
    assert (refused.error_code, "Unable to serialize unknown type" in refused.error_message) == (
        "result_not_storable",
        True,
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        ("", ""),
        (gettext_lazy("Yes"), "Yes"),
        (ValueError("bad"), "bad"),
        (TimeoutError(), "TimeoutError"),
        (Unspeakable(), "Unspeakable"),
    ],
)
def test_anything_has_a_text(value, text):
    assert as_text(value) == text
    assert kept_json(value) == text


def test_a_handler_logs_an_exception_and_a_translation(acme, globex):
    with running_cluster(workers=1):
        _, (pair,) = run_pairs(["hell.lazy_result"], acme, globex)
    assert (pair.hostile.status, pair.hostile.result) == ("completed", {"answer": "Yes", "more": ["No"]})
    with operator_scope("operator:test"):
        lines = TaskLog.objects.filter(task_id=pair.hostile.id, kind="log").order_by("id")
        assert [(line.message, line.detail) for line in lines] == [
            ("as an exception", None),
            ("Unspeakable", None),
            ("Yes", {"also": "No"}),
        ]
