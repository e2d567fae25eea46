"""Thirty secrets through every door of a running platform; then a search of all that it logs, records and hands out."""

import base64
import json
import re
from contextlib import redirect_stdout
from http.client import HTTPConnection
from io import StringIO
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from queueapp.apikeys.key_format import new_key
from queueapp.models import OperatorAction, SecurityEvent, TaskLog
from queueapp.redis.connections import redis_client
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.commands.calling import run
from tests.redaction.test_shapes import SECRETS, some
from tests.rest.calling import key_for
from tests.rest.live import LiveServer, live_server
from tests.waiting import wait_until

# What is kept as it was given, because programs need it so; it is masked where it is shown.
KEPT = {
    "taskrunner_tasks": {"params", "result", "labels", "requirements"},
    "taskrunner_partitions": {"requirements"},
    "taskrunner_dedup_keys": {"key"},
    "taskrunner_idempotency_keys": {"key"},
    "taskrunner_fetched_pages": {"url", "requested_url"},
}


class Plants:
    """Secrets by the name of their door."""

    def __init__(self) -> None:
        self.by_door: dict[str, str] = {}

    def plant(self, door: str, secret: str | None = None) -> str:
        self.by_door[door] = secret or f"Zq{some(20)}"
        return self.by_door[door]

    def found_in(self, text: str) -> list[str]:
        """The doors whose secrets the text holds, in any spelling."""
        return [door for door, secret in self.by_door.items() if any(form in text for form in _spellings(secret))]


def _spellings(secret: str) -> set[str]:
    core = secret.split("\n")[3] if "\n" in secret else secret  # of a private key, the first line of its body
    return {core, quote(core, safe=""), base64.b64encode(core.encode()).decode(), json.dumps(core)[1:-1]}


@pytest.fixture
def plants() -> Plants:
    return Plants()


class Platform:
    """A web server and a cluster, and the keys of their users."""

    def __init__(self, server: LiveServer, acme) -> None:
        self.server = server
        self.client, self.worker = key_for(acme), key_for(acme, "worker", capabilities={"categories": ["Studio.*"]})
        self.admin = key_for(acme, "admin")

    def ask(self, key: str, method: str, path: str, body=None, *, status: int | None = None, **headers: str):
        answer = self.server.send(key, method, path, body, **headers)
        assert status in (None, answer.status_code), (path, answer.content)
        return answer

    def submit(self, type: str, params, **members) -> str:
        body = {"type": type, "params": params, **members}
        return self.ask(self.client, "POST", "/tasks", body, status=202).json()["id"]

    def wait_for(self, *task_ids: str) -> None:
        for task_id in task_ids:
            wait_until(lambda task_id=task_id: self.ask(self.client, "GET", f"/tasks/{task_id}").json()["finished_at"])


def through_tasks(platform: Platform, plants: Plants) -> list[str]:
    """By names in parameters, and by shapes in free text that a handler repeats everywhere."""
    shapes = [plants.plant(f"handler, {name}", secret) for name, secret in SECRETS.items()]
    text = " ; ".join(shapes)
    text += f" ; postgresql://app:{plants.plant('handler, URL')}@db/x ; password={plants.plant('handler, name')}"
    text += f" ; Authorization: Bearer {plants.plant('handler, bearer')}7"
    params = {
        "password": plants.plant("params, password"),
        "db": {"access_token": plants.plant("params, nested")},
        "keys": [{"apiKey": [plants.plant("params, list")]}],
        "text": text,
    }
    return [
        platform.submit("sample.tells", params),
        platform.submit("sample.tells", params | {"fails": True}),
        platform.submit("echo", params),
        platform.submit("echo", {}, labels=[f"sk-{plants.plant('label', some(24))}"[:64]]),
        platform.submit("sleep", {"seconds": 0}, requirements={}),
    ]


def through_fetch(platform: Platform, plants: Plants) -> list[str]:
    page = f"http://localhost/?token={plants.plant('fetch, query')}"
    return [platform.submit("fetch", {"url": page}, max_retries=0)]


def through_requests(platform: Platform, plants: Plants) -> list[str]:
    """Paths, query strings, headers and bodies; returns what the clients were answered."""
    ask, server = platform.ask, platform.server
    answers = [
        ask(platform.client, "GET", f"/{plants.plant('path, unknown', new_key())}"),
        ask(platform.client, "GET", f"/config/{plants.plant('path, forbidden', new_key())}", status=403),
        ask(plants.plant("bearer", new_key()), "GET", f"/tasks/{plants.plant('path, 401', new_key())}", status=404),
        ask("nonsense", "GET", f"/config/{plants.plant('path, no key', new_key())}", status=401),
        ask(platform.client, "GET", f"/tasks?api_key={plants.plant('query', new_key())}", status=400),
        ask("nonsense", "GET", f"/tasks?key={plants.plant('query, no key', new_key())}", status=401),
        ask(platform.client, "POST", "/tasks", {plants.plant("member of a body", new_key()): 1}, status=400),
        ask(platform.client, "POST", "/tasks", {"type": "echo", "queue": plants.plant("queue", new_key())}, status=400),
        ask(platform.client, "POST", "/tasks", {"type": plants.plant("type", new_key())}, status=400),
    ]
    idempotent = {"Idempotency_Key": plants.plant("Idempotency-Key", new_key())}
    answers += [ask(platform.client, "POST", "/tasks", {"type": "echo", "priority": n}, **idempotent) for n in (1, 2)]
    dedup = {"key": plants.plant("dedup key", new_key()), "on_conflict": "reject"}
    answers += [ask(platform.client, "POST", "/tasks", {"type": "echo", "dedup": dedup}) for _ in range(2)]
    host = {"Host": plants.plant("Host", new_key()).replace("_", "-x-")}
    answers.append(server.raw(platform.client, "GET", "/api/v1/limits", None, host))
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("GET", f"/api/v1/limits?{plants.plant('malformed request', new_key())}")
    connection.putheader("Bad Header", plants.plant("malformed header", new_key()))
    connection.endheaders()
    connection.getresponse().read()
    connection.close()
    return [f"{dict(answer.headers)} {answer.content.decode()}" for answer in answers]


def through_configuration(platform: Platform, plants: Plants) -> list[str]:
    ask, admin = platform.ask, platform.admin
    answers = [
        ask(admin, "PUT", "/config/github.api_token", {"value": plants.plant("config, secret")}, status=202),
        ask(admin, "PUT", "/config/app.api_port", {"value": plants.plant("config, wrong key", new_key())}, status=400),
        ask(admin, "PUT", f"/config/{plants.plant('config, unknown', new_key())}", {"value": 1}),
        ask(admin, "PUT", "/config/ai.llm_model", {"value": plants.plant("config, open key", new_key())}, status=400),
        ask(admin, "POST", "/config/validate", {"key": "app.debug", "value": plants.plant("config, validate")}),
    ]
    return [answer.content.decode() for answer in answers]


def through_a_worker(platform: Platform, plants: Plants) -> list[str]:
    """A worker over HTTP that repeats a masked parameter and a shape of its own."""
    declared = {"type": "Studio.Cut", "params_schema": {"type": "object"}, "queue": "default"}
    platform.ask(platform.admin, "POST", "/task-types", declared, status=201)
    known, shape = plants.plant("worker, params"), plants.plant("worker, shape", f"glpat-{some(20)}")
    words = f"{known} and {shape}"
    done, failed = (platform.submit("Studio.Cut", {"secret": known}) for _ in range(2))
    tasks = platform.ask(platform.worker, "POST", "/worker/claim", {"max": 2}, status=200).json()["tasks"]
    for task in tasks:
        token, path = {"lease_token": task["lease_token"]}, f"/worker/tasks/{task['id']}"

        def tell(verb: str, token=token, path=path, **members) -> None:
            platform.ask(platform.worker, "POST", f"{path}/{verb}", token | members)

        tell("log", message=words, detail={"said": words})
        tell("heartbeat", progress={"fraction": 0.5, "message": words})
        tell("artifacts", type="x", data_base64="", metadata={"said": shape})
        if task["id"] == done:
            tell("complete", result={"said": words})
        else:
            tell("fail", message=words, retryable=False)
    return [done, failed]


def handed_out(platform: Platform, task_ids: list[str]) -> dict[str, str]:
    """What the API, the admin and the commands show, artifacts included."""
    texts: dict[str, str] = {}

    def get(path: str, key: str = "") -> str:
        answer = platform.ask(key or platform.admin, "GET", path)
        texts[path] = answer.content.decode()
        return texts[path]

    lists = (
        "tasks",
        "artifacts",
        "runs",
        "security-events",
        "config/audit",
        "task-types",
        "workers",
        "stats",
        "queues",
    )
    for path in (*lists, "config", "config/export", "config/github.api_token", "config/github.api_token/history"):
        get(f"/{path}")
    for task_id in task_ids:
        for part in ("", "/logs", "/artifacts", "/metrics", "/notes", "/why"):
            get(f"/tasks/{task_id}{part}")
            get(f"/tasks/{task_id}{part}", platform.client)
        for artifact in json.loads(get(f"/tasks/{task_id}/artifacts"))["results"]:
            get(f"/artifacts/{artifact['id']}")
            get(f"/artifacts/{artifact['id']}/meta")
        texts |= {f"task {task_id}": run("task", task_id), f"--json {task_id}": run("task", task_id, "--json")}
    for each in json.loads(texts["/runs"])["results"]:
        get(f"/runs/{each['id']}")
    for command in (("tasks", "--json"), ("tasks",), ("config", "export"), ("config", "list"), ("workers", "--json")):
        texts[" ".join(command)] = run(*command)
    return texts | admin_pages(task_ids)


def admin_pages(task_ids: list[str]) -> dict[str, str]:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    with operator_scope("operator:test"):
        pages = [f"tasklog/{each}" for each in TaskLog.objects.values_list("id", flat=True)]
        pages += [f"securityevent/{each}" for each in SecurityEvent.objects.values_list("id", flat=True)]
        pages += [f"operatoraction/{each}" for each in OperatorAction.objects.values_list("id", flat=True)]
    pages += [f"task/{task_id}" for task_id in task_ids]
    addresses = [f"/admin/queueapp/{page}/change/" for page in pages]
    addresses += [f"/admin/queueapp/{name}/" for name in ("task", "tasklog", "securityevent", "operatoraction", "run")]
    return {address: browser.get(address).content.decode() for address in addresses}


def stored() -> dict[str, str]:
    """Every row of every table, read past all policies, without what is kept as it was given; and all of Redis."""
    texts = {}
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        tables = [name for (name,) in owner.fetchall()]
        owner.execute("BEGIN")
        for table in tables:
            owner.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
            owner.execute(f'SELECT (to_jsonb(t) - %s::text[])::text FROM "{table}" t', [list(KEPT.get(table, ()))])
            texts[table] = "\n".join(row for (row,) in owner.fetchall())
        owner.execute("ROLLBACK")
    client = redis_client()
    for key in client.scan_iter():
        value = client.dump(key) or b""
        texts[f"Redis {key!r}"] = f"{key!r} {value!r}"
    return texts


def test_thirty_secrets_are_found_nowhere(acme, plants):
    printed = StringIO()
    server = live_server(TASKS_PER_MINUTE="1000", CONFIG_ENCRYPTION_KEYS=ENCRYPTION_KEY, LOG_LEVEL="DEBUG")
    cluster = running_cluster(CONFIG_ENCRYPTION_KEYS=ENCRYPTION_KEY, LOG_LEVEL="DEBUG")
    with redirect_stdout(printed), server as live, cluster:
        platform = Platform(live, acme)
        answered = through_requests(platform, plants) + through_configuration(platform, plants)
        task_ids = through_tasks(platform, plants) + through_fetch(platform, plants)
        task_ids += through_a_worker(platform, plants)
        platform.wait_for(*task_ids)
        texts = handed_out(platform, task_ids) | stored()
    texts |= {"the processes' logs": printed.getvalue()} | {f"answer {n}": text for n, text in enumerate(answered)}
    assert len(plants.by_door) >= 30
    assert {place: found for place, text in texts.items() if (found := plants.found_in(text))} == {}
    log = texts["the processes' logs"]
    for trace in (
        "in a message: *** and tr_",
        "dead letter: ",
        "thread_failed",
        "GET None: 400",
        "***",
    ):
        assert trace in log, "the lines are there"
    assert "127.0.0.1" not in texts[f"/tasks/{task_ids[5]}"], "nor what an inside name resolves to"
    assert not re.search(r"No such|Traceback", "".join(answered))


ENCRYPTION_KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
