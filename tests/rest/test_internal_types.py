"""The platform's own types: to everybody else they are unknown, and nothing lists them."""

import pytest

import queueapp
from queueapp import handlers, tasks
from queueapp.contrib.django_tasks.functions import registered_task
from queueapp.errors import InvalidTask
from queueapp.models import Task, TaskType
from queueapp.tenancy import bind_tenant, operator_scope
from tests.commands.calling import create_worker, refused
from tests.rest.calling import Api, key_for

INTERNAL = ["config.apply", "platform.bulk"]

each_type = pytest.mark.parametrize("type", INTERNAL)


def submissions(type):
    """Addresses and bodies that ask for a task of a type."""
    yield "/tasks", {"type": type}
    yield "/tasks", {"type": type, "params": {"verb": "cancel", "filter": {}}, "dedup": {"key": "k"}}
    yield "/tasks/bulk", {"tasks": [{"type": "echo"}, {"type": type}]}
    yield f"/tasks/{type.replace('.', '/')}", {}


def answers(api, type):
    """What a client is told of a type, without its name."""
    for path, body in submissions(type):
        answer = api.post(path, body)
        yield answer.status_code, answer.content.decode().replace(type, "TYPE")


def test_these_are_all():
    internal = [handler.type for handler in handlers.registered_handlers() if handler.internal]
    assert [type for type in internal if registered_task(type) is None] == INTERNAL


@each_type
@pytest.mark.parametrize("role", ["client", "admin"])
def test_over_rest_it_is_answered_as_an_unknown_type(acme, role, type):
    api = Api(key_for(acme, role))
    assert list(answers(api, type)) == list(answers(api, f"{type}x"))
    assert {status for status, _ in answers(api, type)} == {400, 404}
    with operator_scope("operator:test"):
        assert Task.objects.count() == 0


@each_type
@pytest.mark.parametrize(
    "submit",
    [
        lambda type, **tenant: tasks.submit(type, tenant_id=tenant["tenant"]),
        lambda type, **tenant: tasks.submit_request({"type": type}, tenant_id=tenant["tenant"]),
        lambda type, **tenant: tasks.submit_many([{"type": type}], tenant_id=tenant["tenant"]),
        lambda type, **tenant: queueapp.submit(type, **tenant),
        lambda type, **tenant: queueapp.submit_many([{"type": type}], **tenant),
    ],
)
def test_in_python_it_is_an_unknown_type_in_every_scope(acme, submit, type):
    for scope in (bind_tenant(acme.id), operator_scope("operator:test")):
        with scope, pytest.raises(InvalidTask) as refusal:
            submit(type, tenant=acme.id)
        assert refusal.value.errors[0].code == "unknown_type"


@each_type
def test_the_command_refuses_it(acme, type):
    words = [refused("submit", name, "--tenant", "acme")[1].replace(name, "TYPE") for name in (type, f"{type}x")]
    assert words[0] == words[1]


@each_type
def test_a_declaration_of_its_name_opens_nothing(acme, client, admin, type):
    schema = {"type": "object"}
    assert admin.post("/task-types", {"type": type, "params_schema": schema}).status_code == 400
    with operator_scope("operator:test"):  # declared before the platform had the type
        TaskType.objects.create(tenant=acme, type=type, params_schema=schema, queue="default")
    assert client.post("/tasks", {"type": type}).json()["errors"][0]["code"] == "unknown_type"


def test_nothing_lists_it(client):
    for path in ("/task-types", "/schema", "/docs"):
        text = client.get(path).content.decode()
        assert "sleep" in text
        for type in INTERNAL:
            assert type not in text


def test_the_platform_submits_it(acme):
    with bind_tenant(acme.id):
        params = {"verb": "cancel", "filter": {}}
        assert tasks.submit_internal({"type": "platform.bulk", "params": params}).status == "queued"


def test_a_worker_over_http_neither_gets_it_nor_is_waited_for(client, worker):
    task = client.post("/tasks/bulk/cancel", {"filter": {}}).json()

    def reasons():
        return [reason["code"] for reason in client.get(f"/tasks/{task['id']}/why").json()["reasons"]]

    assert worker.post("/worker/claim", {"max": 10}).json() == {"tasks": []}
    assert "no_capable_worker" in reasons()
    create_worker(queues=["platform"])
    assert "no_capable_worker" not in reasons()
