"""Types that a tenant declares for its own workers: what can be declared, who sees it, and how it is submitted."""

import pytest
from django.db import IntegrityError, connection, transaction

from queueapp import tasks
from queueapp.claiming import Capabilities, Claimer
from queueapp.errors import InvalidTask
from queueapp.models import TaskType
from queueapp.models.base import new_id
from queueapp.tasks import declared_types
from queueapp.tasks.json_schema import MAX_SCHEMA_BYTES, params_errors, schema_fault
from queueapp.tenancy import operator_scope, tenant_scope
from tests.worker_api.conftest import NARRATION, SCHEMA, Api, make_key


def object_with(**properties):
    return {"type": "object", "properties": properties}


def doubling(levels):
    """A small schema whose references unfold into 2^levels looks."""
    defs = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return object_with(a={"$ref": "#/$defs/d0"}) | {"$defs": defs | {f"d{levels}": {"type": "integer"}}}


def test_a_declared_type_is_listed_beside_the_registered_ones(client_of_acme, declared):
    types = {entry["type"]: entry for entry in client_of_acme.get("/task-types").body["results"]}
    assert types[NARRATION] == declared
    assert (types["echo"]["declared"], types[NARRATION]["declared"]) == (False, True)
    assert types["sleep"]["params_schema"]["properties"]["seconds"]["maximum"] == 86_400


def test_another_tenant_neither_sees_nor_submits_it(declared, globex):
    other = Api(make_key(globex, "client"))
    assert NARRATION not in {entry["type"] for entry in other.get("/task-types").body["results"]}
    answer = other.post("/tasks", {"type": NARRATION, "params": {"text": "x"}})
    assert (answer.status, answer.body["errors"][0]["code"]) == (400, "unknown_type")


def test_declaring_again_replaces(admin, declared):
    answer = admin.post("/task-types", {"type": NARRATION, "params_schema": SCHEMA, "timeout_seconds": 60})
    assert (answer.status, answer.body["timeout_seconds"], answer.body["max_retries"]) == (200, 60, 0)
    with operator_scope("operator:test"):
        assert TaskType.objects.count() == 1


@pytest.mark.parametrize("role", ["client", "worker"])
def test_only_admins_declare(acme, role):
    answer = Api(make_key(acme, role)).post("/task-types", {"type": NARRATION, "params_schema": SCHEMA})
    assert answer.status == 403


@pytest.mark.parametrize(
    ("members", "field", "code"),
    [
        ({"type": "echo"}, "type", "type_registered"),
        ({"type": "two words"}, "type", "string_pattern_mismatch"),
        ({"queue": "nowhere"}, "queue", "unknown_queue"),
        ({"timeout_seconds": 601}, "timeout_seconds", "above_limit"),
        ({"params_schema": {"type": "string"}}, "params_schema", "schema_refused"),
        ({"params_schema": True}, "params_schema", "dict_type"),
        ({"retry_base_seconds": 0}, "retry_base_seconds", "greater_than_equal"),
    ],
)
def test_what_cannot_be_declared_is_refused_by_field(admin, members, field, code):
    answer = admin.post("/task-types", {"type": NARRATION, "params_schema": SCHEMA, **members})
    assert answer.status == 400
    assert (answer.body["errors"][0]["field"], answer.body["errors"][0]["code"]) == (field, code)


def test_a_tenant_declares_so_many_types_and_no_more(admin, declared, monkeypatch):
    monkeypatch.setattr(declared_types, "MAX_DECLARED_TYPES", 1)
    assert admin.post("/task-types", {"type": NARRATION, "params_schema": SCHEMA}).status == 200
    answer = admin.post("/task-types", {"type": "one.more", "params_schema": SCHEMA})
    assert (answer.status, answer.body["errors"][0]["code"]) == (400, "too_many_types")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, '"type": "object"'),
        (object_with(a={"type": "integr"}), "wrong at properties/a/type"),
        (object_with(a={"pattern": "(?=a)"}), "no look-around"),
        (object_with(a={"pattern": "(a{1,50}){1,50}"}), "no look-around"),
        (object_with(a={"$ref": "https://example.com/x"}), "only references into itself"),
        (object_with(a={"$ref": "file:///etc/passwd"}), "only references into itself"),
        (object_with(a={"$ref": "#/$defs/none"}), "is not there"),
        (object_with(a={"$ref": "#"}), "refers to itself"),
        (object_with(a={"$dynamicRef": "#x"}), "not supported"),
        (doubling(9), "more than 1000 parts"),
        (object_with(**{"$defs": {"$ref": "#/$defs/d0"}}) | {"$defs": doubling(9)["$defs"]}, "more than 1000 parts"),
        (object_with(a={"description": "x" * MAX_SCHEMA_BYTES}), "bytes"),
    ],
)
def test_a_schema_that_could_do_harm_or_is_none_is_refused_with_the_reason(schema, words):
    assert words in (schema_fault(schema) or "")


def test_a_schema_with_shared_parts_is_accepted():
    assert schema_fault(doubling(3)) is None
    assert params_errors(doubling(3), {"a": 1}, "params") == []


def test_errors_name_the_field_and_keep_the_value_to_themselves():
    schema = object_with(a={"type": "array", "items": {"type": "integer"}}, password={"maxLength": 3})
    errors = params_errors(schema | {"required": ["b"]}, {"a": [1, "two"], "password": "secret"}, "params")
    assert {error.field for error in errors} == {"params.a.1", "params.password", "params"}
    assert "secret" not in str(errors)
    assert "two" not in str(errors)


def test_a_refusal_of_much_is_as_quick_as_its_first_error():
    schema = object_with(a={"items": {"anyOf": [{"type": "string", "pattern": f"^(a|b)*{n}$"} for n in range(200)]}})
    assert schema_fault(schema) is None
    assert len(params_errors(schema, {"a": ["a"] * 100_000}, "params")) == 1


def test_submit_checks_the_parameters_and_takes_the_declared_figures(client_of_acme, declared):
    refused = client_of_acme.post("/tasks", {"type": NARRATION, "params": {"text": "x" * 51}})
    assert (refused.status, refused.body["errors"][0]["field"]) == (400, "params.text")
    task = client_of_acme.post("/tasks", {"type": NARRATION, "params": {"text": "x"}})
    assert task.status == 202
    shown = {name: task.body[name] for name in ("queue", "max_retries", "timeout_seconds", "params")}
    assert shown == {"queue": "default", "max_retries": 1, "timeout_seconds": 300, "params": {"text": "x"}}


def test_a_batch_reads_each_declaration_once_and_registered_types_none(declared, acme):
    def count(requests):
        queries = []

        def note(execute, sql, params, many, context):
            queries.append(sql)
            return execute(sql, params, many, context)

        with tenant_scope(acme.id), connection.execute_wrapper(note):
            tasks.submit_many(requests)
        return sum("taskrunner_task_types" in query for query in queries)

    assert count([{"type": "echo"}] * 3) == 0
    assert count([{"type": NARRATION, "params": {"text": "x"}}] * 3) == 1


def test_an_operator_submits_for_the_tenant_that_declared_it(declared, acme, globex):
    with operator_scope("operator:test"):
        task = tasks.submit(NARRATION, {"text": "x"}, tenant_id=acme.id)
        assert task.tenant_id == acme.id
        with pytest.raises(InvalidTask, match="not declared"):
            tasks.submit(NARRATION, {"text": "x"}, tenant_id=globex.id)


def test_its_tasks_are_for_http_workers_only(worker, client_of_acme, declared):
    task = client_of_acme.post("/tasks", {"type": NARRATION, "params": {"text": "x"}}).body
    assert Claimer(new_id(), Capabilities(("default",))).claim() == []
    assert [claimed["id"] for claimed in worker.claim(max=5)] == [task["id"]]


@pytest.mark.parametrize(
    ("column", "value"),
    [("type", "'a b'"), ("timeout_seconds", "0"), ("max_retries", "-1"), ("retry_base_seconds", "0")],
)
def test_the_database_refuses_figures_that_mean_nothing(declared, column, value):
    with operator_scope("operator:test"), transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(IntegrityError):
            cursor.execute(f"UPDATE taskrunner_task_types SET {column} = {value}")
        transaction.set_rollback(True)


def test_a_type_shows_its_result_where_its_function_says_what_it_returns(client_of_acme):
    types = {entry["type"]: entry for entry in client_of_acme.get("/task-types").body["results"]}
    assert set(types["tests.samples.charge"]["result_schema"]["properties"]) == {"order_id", "amount", "at"}
    assert types["sample.greet"]["result_schema"] == {"items": {"type": "string"}, "type": "array"}
    assert types["echo"]["result_schema"] is None
