"""/health and its parts: what is up, what is down, never why, and always in time."""

import json
import os
import socket
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from django.db import connections, transaction
from django.test import Client
from psycopg2.extensions import make_dsn

from queueapp.health import probes
from queueapp.health.probes import Probe, ask_all
from tests.commands.calling import create_worker
from tests.waiting import PATIENCE_SECONDS, sessions_waiting_for_a_lock, threads, wait_until
from tests.web import running_server

WELL = {"db": "ok", "migrations": "ok", "redis": "ok", "worker": "ok", "artifacts": "ok"}


@pytest.fixture(autouse=True)
def nothing_remembered(clean_database, monkeypatch):
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.0)


def ask(path, **settings):
    """Status and document."""
    answer = Client().get(path, **settings)
    return answer.status_code, answer.json()


@contextmanager
def silent_server():
    """Accepts connections, as the kernel does for it, and never says a word: only a deadline ends a question to it."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener.getsockname()[1]


def test_no_question_may_take_longer_than_two_seconds():
    assert probes.DEADLINE_SECONDS <= 2


def test_all_is_well(clean_database):
    create_worker()
    assert ask("/health") == (200, {"ok": True, "status": "ok", **WELL})
    assert ask("/health/ready") == (200, {"status": "ok", "db": "ok", "migrations": "ok"})
    assert ask("/health/live") == (200, {"status": "ok"})


def test_without_a_live_worker_tasks_wait(clean_database):
    assert ask("/health") == (200, {"ok": False, "status": "degraded", **WELL, "worker": "unknown"})


def test_a_redis_that_is_gone_or_silent_degrades_in_time(configure):
    create_worker()
    with silent_server() as port:
        for url in ("unix:///nowhere/redis.sock", f"redis://:secret@127.0.0.1:{port}/0"):
            configure(REDIS_URL=url)
            assert ask("/health") == (200, {"ok": False, "status": "degraded", **WELL, "redis": "failed"})


def test_an_artifact_store_that_cannot_be_used_degrades(settings, tmp_path):
    create_worker()
    (tmp_path / "file").touch()
    location = str(tmp_path / "file" / "artifacts")
    store = {"BACKEND": "queueapp.artifacts.filesystem_store.FileStore", "OPTIONS": {"location": location}}
    settings.STORAGES = {**settings.STORAGES, "artifacts": store}
    assert ask("/health") == (200, {"ok": False, "status": "degraded", **WELL, "artifacts": "failed"})


def test_a_missing_migration_is_not_ready(clean_database):
    create_worker()
    with connections["owner"].cursor() as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        try:
            assert ask("/health/ready") == (503, {"status": "failed", "db": "ok", "migrations": "failed"})
            assert ask("/health") == (503, {"ok": False, "status": "failed", **WELL, "migrations": "failed"})
        finally:
            owner.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', '0001_initial', now())"
            )


def test_a_query_that_hangs_is_not_waited_for_and_forgiven_afterwards(clean_database):
    with transaction.atomic(using="owner"), connections["owner"].cursor() as owner:
        owner.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        hanging = ask("/health/ready")  # answered while the lock is held
        assert hanging == (503, {"status": "failed", "db": "ok", "migrations": "failed"})
        assert ask("/health/ready") == hanging
        assert sessions_waiting_for_a_lock() == 1, "the query that hangs is not sent again"
    wait_until(lambda: ask("/health/ready")[0] == 200)


def test_a_postgresql_that_is_silent_or_gone_is_told_in_time_and_without_secrets(clean_database):
    with silent_server() as port:
        dsn = make_dsn(os.environ["DATABASE_URL"], host="127.0.0.1", port=port, password="swordfish")
        with running_server(DATABASE_URL=dsn) as root:
            for path in ("/health", "/health/ready", "/health"):
                status, body = fetch(root + path)
                assert (status, json.loads(body)["status"], json.loads(body)["db"]) == (503, "failed", "failed")
                assert not any(word in body for word in ("swordfish", "127.0.0.1", str(port), "taskrunner"))
            assert fetch(f"{root}/health/live") == (200, '{"status": "ok"}')


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_health_needs_no_key_no_https_and_no_body(settings, clean_database):
    settings.SECURE_SSL_REDIRECT = True
    for path in ("/health", "/health/ready", "/health/live"):
        assert Client().head(path).status_code == 200
        assert Client().post(path).status_code == 405
    assert Client().get("/admin/").status_code == 301


def test_many_who_ask_cause_one_look(monkeypatch):
    monkeypatch.setattr(probes, "FRESH_SECONDS", 60.0)
    looks = []
    probe = Probe("x", lambda: looks.append(1) or "ok")
    with threads(8) as run:
        words = [run(ask_all, [probe]).result() for _ in range(50)]
    assert words == [{"x": "ok"}] * 50
    assert len(looks) == 1
