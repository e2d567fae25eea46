"""A type may refuse at submit what its model cannot know; the refusal has the check's own code."""

import pytest

from queueapp import tasks
from queueapp.errors import InvalidTask
from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, code_of, fields_of, key_for

TYPE = "sample.checked"


def stored():
    with operator_scope("operator:test"):
        return Task.objects.count()


def test_the_check_knows_the_tenant(acme, globex):
    mark = f"{acme.id}/x"
    assert tasks.submit(TYPE, {"mark": mark}, tenant_id=acme.id).params["mark"] == mark
    with pytest.raises(InvalidTask, match=f"params.mark: must begin with {globex.id}") as refused:
        tasks.submit(TYPE, {"mark": mark}, tenant_id=globex.id)
    assert refused.value.code == refused.value.errors[0].code == "mark_not_allowed"
    assert stored() == 1


def test_the_check_knows_the_tenant_that_an_operator_submits_for(acme):
    with operator_scope("operator:test"):
        tasks.submit(TYPE, {"mark": f"{acme.id}/x"}, tenant_id=acme.id)
        with pytest.raises(InvalidTask, match="must begin with"):
            tasks.submit(TYPE, {"mark": "x"}, tenant_id=acme.id)


def test_what_the_model_refuses_is_not_checked(acme):
    with pytest.raises(InvalidTask) as refused:
        tasks.submit(TYPE, {"mark": 1}, tenant_id=acme.id)
    assert refused.value.code == "task_rejected_invalid_params"


def test_a_batch_names_every_item_and_keeps_a_code_that_all_share(acme):
    bad, invalid = {"type": TYPE, "params": {"mark": "x"}}, {"type": TYPE, "params": {"mark": 1}}
    good = {"type": TYPE, "params": {"mark": str(acme.id)}}
    with pytest.raises(InvalidTask) as refused:
        tasks.submit_many([good, bad, bad], tenant_id=acme.id)
    assert refused.value.code == "mark_not_allowed"
    assert [each.field for each in refused.value.errors] == ["tasks.1.params.mark", "tasks.2.params.mark"]
    with pytest.raises(InvalidTask) as refused:
        tasks.submit_many([bad, invalid], tenant_id=acme.id)
    assert refused.value.code == "task_rejected_invalid_params"
    assert stored() == 0


def test_over_http_the_code_is_the_problems(acme):
    client = Api(key_for(acme))
    answer = client.post("/tasks", {"type": TYPE, "params": {"mark": "x"}})
    assert (code_of(answer), fields_of(answer)) == ("mark_not_allowed", {"params.mark": "mark_not_allowed"})
    answer = client.post("/tasks/sample/checked", {"mark": "x"})
    assert (code_of(answer), fields_of(answer)) == ("mark_not_allowed", {"mark": "mark_not_allowed"})
