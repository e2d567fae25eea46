"""`doctor`: every part looked at, and beside each fault a fix that mends it."""

import json
import os
import secrets
import time
from contextlib import contextmanager

import pytest
from django.db import connections
from psycopg2.extensions import make_dsn

from queueapp.doctor import machine, postgres
from queueapp.models import Queue
from queueapp.operators import service
from queueapp.redis.connections import redis_client
from queueapp.tenancy import operator_scope
from tests.commands.calling import create_worker, manage, refused, run, run_json
from tests.waiting import PATIENCE_SECONDS


def part(name, *, faults=False):
    """What doctor finds about one part. `faults` says whether it must exit with 1."""
    document = json.loads(refused("doctor", "--json")[0]) if faults else run_json("doctor")
    assert document["ok"] is not faults
    return next(finding for finding in document["findings"] if finding["part"] == name)


def as_owner(statement, parameters=None):
    with connections["owner"].cursor() as owner:
        owner.execute(statement, parameters)


@pytest.fixture
def healthy(clean_database, settings):
    settings.ALLOWED_HOSTS = ["localhost"]  # test runners add one of theirs
    with operator_scope("operator:test"):
        names = list(Queue.objects.values_list("name", flat=True))
    create_worker(queues=names)


def test_a_healthy_installation_is_ok_in_every_part(healthy):
    document = run_json("doctor")
    assert {finding["level"] for finding in document["findings"]} == {"ok"}
    parts = [finding["part"] for finding in document["findings"]]
    assert parts[:10] == [
        "Python",
        "environment",
        "PostgreSQL",
        "login",
        "migrations",
        "row-level security",
        "roles",
        "clock",
        "Redis",
        "artifacts",
    ]
    assert "queue default" in parts[10:]
    assert document["ok"] is True
    assert run("doctor").count("\nok ") == len(parts) - 1


def test_without_isolation_neither_roles_nor_policies_are_looked_for(healthy, configure, monkeypatch):
    configure(ISOLATION="single")
    monkeypatch.setattr(postgres, "server_version", lambda database: 15)
    monkeypatch.setattr(postgres, "tenant_tables", lambda: {"no_such_table"})
    found = {finding.part: finding.level for finding in postgres.check()}
    assert found == {"PostgreSQL": "ok", "login": "ok", "migrations": "ok", "clock": "ok"}


@contextmanager
def damaged(damage, repair):
    as_owner(damage)
    try:
        yield
    finally:
        as_owner(repair)


def test_a_table_without_forced_security_is_a_fault_that_its_fix_mends(healthy):
    force = "ALTER TABLE taskrunner_task_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    for damage in ("NO FORCE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"):
        with damaged(f"ALTER TABLE taskrunner_task_logs {damage}", force):
            finding = part("row-level security", faults=True)
            assert "taskrunner_task_logs" in finding["message"]
            as_owner(finding["fix"].removeprefix("as the owner: "))
            assert part("row-level security")["level"] == "ok"


def test_a_table_without_a_policy_is_a_fault(healthy):
    policies = {
        "operator_select": "FOR SELECT TO taskrunner_operator USING (true)",
        "operator_delete": "FOR DELETE TO taskrunner_operator USING (true)",
        "owner_insert": "FOR INSERT TO CURRENT_USER WITH CHECK (true)",
    }
    damage = ";".join(f"DROP POLICY {name} ON taskrunner_task_deltas" for name in policies)
    repair = ";".join(f"CREATE POLICY {name} ON taskrunner_task_deltas {rule}" for name, rule in policies.items())
    with damaged(damage, repair):
        assert "no policy on taskrunner_task_deltas" in part("row-level security", faults=True)["message"]


def test_a_missing_table_is_a_fault(healthy):
    with damaged(
        "ALTER TABLE taskrunner_task_stats RENAME TO lost", "ALTER TABLE lost RENAME TO taskrunner_task_stats"
    ):
        findings = json.loads(manage("doctor", "--json").communicate(timeout=PATIENCE_SECONDS)[0])["findings"]
    assert ("row-level security", "there is no table taskrunner_task_stats") in [
        (row["part"], row["message"]) for row in findings
    ]


def test_a_migration_that_is_not_applied_is_a_fault(healthy):
    forget = "DELETE FROM django_migrations WHERE app = 'sessions'"
    remember = "INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', '0001_initial', now())"
    with damaged(forget, remember):
        finding = part("migrations", faults=True)
    assert finding["message"] == "1 are not applied: sessions.0001_initial"
    assert finding["fix"].startswith("manage.py migrate")


@pytest.fixture
def newcomer(clean_database):
    """A login that nobody has prepared for Taskrunner: its name, and the DATABASE_URL of it."""
    name, password = f"newcomer_{secrets.token_hex(4)}", secrets.token_hex(8)
    as_owner(f"CREATE ROLE {name} LOGIN PASSWORD %s", [password])
    yield name, make_dsn(os.environ["DATABASE_URL"], user=name, password=password)
    as_owner(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}")
    as_owner(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {name}")
    as_owner(f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {name}")
    as_owner(f"DROP ROLE {name}")


def diagnosis(**environment):
    """Exit code and findings by part of a doctor in a process of its own."""
    process = manage("doctor", "--json", **environment)
    printed, words = process.communicate(timeout=PATIENCE_SECONDS)
    assert "Traceback" not in words
    return process.returncode, {finding["part"]: finding for finding in json.loads(printed)["findings"]}


def test_a_login_that_nobody_prepared_has_faults_that_their_fix_mends(newcomer):
    _, url = newcomer
    code, found = diagnosis(DATABASE_URL=url)
    assert code == 1
    assert [part for part, finding in found.items() if finding["level"] == "fault"] == [
        "migrations",
        "roles",
    ]
    assert "permission denied" in found["migrations"]["message"]
    assert "taskrunner_client, taskrunner_operator, taskrunner_worker" in found["roles"]["message"]

    migrating = manage("migrate", DATABASE_URL=url)
    migrating.communicate(timeout=PATIENCE_SECONDS)
    assert migrating.returncode == 0
    code, found = diagnosis(DATABASE_URL=url)
    assert (code, {found[part]["level"] for part in ("migrations", "roles")}) == (0, {"ok"})


def test_a_login_above_row_level_security_is_a_fault(newcomer):
    name, url = newcomer
    as_owner(f"GRANT taskrunner_operator TO {name} WITH INHERIT TRUE")
    code, found = diagnosis(DATABASE_URL=url)
    assert (code, found["login"]["level"]) == (1, "fault")
    assert "holds taskrunner_operator by inheritance" in found["login"]["message"]
    assert "migrations" not in found
    assert found["Redis"]["level"] == "ok"


def test_the_owner_as_the_login_is_a_warning(clean_database):
    code, found = diagnosis(DATABASE_URL=os.environ["OWNER_DATABASE_URL"])
    assert (code, found["login"]["level"]) == (0, "warning")


def test_servers_that_do_not_answer_are_faults(clean_database, tmp_path):
    nowhere = make_dsn(os.environ["DATABASE_URL"], host=str(tmp_path))
    code, found = diagnosis(DATABASE_URL=nowhere, REDIS_URL=f"unix://{tmp_path}/none")
    assert code == 1
    assert (found["PostgreSQL"]["level"], found["Redis"]["level"]) == ("fault", "fault")
    assert "DATABASE_URL" in found["PostgreSQL"]["fix"]
    assert "REDIS_URL" in found["Redis"]["fix"]


def test_a_redis_that_evicts_is_a_warning(healthy):
    redis_client().config_set("maxmemory-policy", "allkeys-lru")
    try:
        finding = part("Redis")
    finally:
        redis_client().config_set("maxmemory-policy", "noeviction")
    assert (finding["level"], "allkeys-lru" in finding["message"]) == ("warning", True)
    assert "CONFIG SET maxmemory-policy noeviction" in finding["fix"]


def test_versions_that_are_too_old_are_faults(healthy, monkeypatch):
    monkeypatch.setattr(machine, "OLDEST_PYTHON", (99, 0))
    assert "too old" in part("Python", faults=True)["message"]
    monkeypatch.undo()
    monkeypatch.setattr(postgres, "OLDEST_SERVERS", {"rls": 99})
    assert "too old" in part("PostgreSQL", faults=True)["message"]


def test_a_clock_that_is_off_is_a_warning(healthy, monkeypatch):
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() + 10)
    finding = part("clock")
    assert finding["level"] == "warning"
    assert "-10.0 s off" in finding["message"]


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("DEBUG", True, "set DEBUG to False"),
        ("ALLOWED_HOSTS", ["*"], "set ALLOWED_HOSTS to the names of this site"),
        ("ALLOWED_HOSTS", ["tasks.example.com"], "set SESSION_COOKIE_SECURE (here: HTTPS_ONLY=true)"),
    ],
)
def test_an_unwise_environment_is_a_warning(healthy, settings, name, value, fix):
    setattr(settings, name, value)
    finding = part("environment")
    assert (finding["level"], finding["fix"]) == ("warning", fix)


def test_a_queue_without_workers_is_a_fault_once_a_task_waits(make_task):
    finding = part("queue default")
    assert (finding["level"], finding["fix"]) == ("warning", "manage.py taskrunner_worker --queues default")
    make_task("queued")
    finding = part("queue default", faults=True)
    assert "a task waits for" in finding["message"]


def test_a_paused_queue_is_a_warning(healthy):
    with operator_scope("operator:test"):
        service.pause_queue("default")
    finding = part("queue default")
    assert (finding["level"], finding["fix"]) == ("warning", "manage.py queues resume default")


def test_people_read_the_fix_below_the_fault(make_task):
    make_task("queued")
    printed, words = refused("doctor")
    lines = printed.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("fault"))
    assert lines[at + 1].strip() == "fix: manage.py taskrunner_worker --queues default"
    assert words.endswith("parts at fault.")


def test_a_store_of_artifacts_that_cannot_be_written_to(healthy, settings):
    nowhere = {
        "BACKEND": "queueapp.artifacts.filesystem_store.FileStore",
        "OPTIONS": {"location": "/proc/no/such/place"},
    }
    settings.STORAGES = {**settings.STORAGES, "artifacts": nowhere}
    found = part("artifacts", faults=True)
    assert (found["level"], "ARTIFACTS_DIRECTORY" in found["fix"]) == ("fault", True)


def test_a_store_of_artifacts_that_does_not_answer(healthy, settings):
    options = {"endpoint_url": "http://127.0.0.1:1", "access_key": "a", "secret_key": "b", "bucket_name": "artifacts"}
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {"BACKEND": "queueapp.artifacts.s3_store.S3Store", "OPTIONS": options},
    }
    found = part("artifacts", faults=True)
    assert (found["level"], "MINIO_ENDPOINT" in found["fix"]) == ("fault", True)
