"""pgrls on the migrated database: policies/*.toml explain what it finds, and it proves that clients stay apart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections

from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.rls_only

HERE = Path(__file__).with_name("policies")
CLIENTS_POLICIES = """
    SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies
    WHERE schemaname = 'public' AND 'taskrunner_client' = ANY (roles) ORDER BY tablename, policyname
"""
# A setting that is '' was set once and is not any more. pgrls cannot see through nullif(), and need not: it takes the
# setting for any value, and '' is no uuid.
SETTING = "current_setting('taskrunner.tenant_id'::text, true)"
NULL_WHERE_EMPTY = f"NULLIF({SETTING}, ''::text)"
# tables of the platform itself: there is no tenant to compare (policies/of_clients.toml, SEC005)
OF_NO_TENANT = {"system_config", "taskrunner_config_audit", "taskrunner_config_changes", "taskrunner_config_versions"}


@pytest.fixture(scope="module")
def pgrls(pytestconfig):
    """pgrls(*words): what it says, and whether it was content. Its environment is kept for the runs to come."""
    directory = pytestconfig.cache.mkdir("pgrls")
    subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    # pip and not uv: it knows the package index and the certificates that this machine is set up for
    pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", HERE / "requirements.txt"], check=True)

    def run(*words):
        command = [directory / "bin" / "pgrls", *words, "--database-url", os.environ["OWNER_DATABASE_URL"]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        return done.stdout + done.stderr, done.returncode == 0

    return run


@pytest.fixture
def of_clients(clean_database):
    """A schema with copies of the tables that clients see, and the policies of clients alone."""
    with connections["owner"].cursor() as owner:
        owner.execute("CREATE SCHEMA of_clients")
        try:
            owner.execute(CLIENTS_POLICIES)
            policies = owner.fetchall()
            for table in {policy[0] for policy in policies}:
                owner.execute(
                    f"CREATE TABLE of_clients.{table} (LIKE public.{table} INCLUDING INDEXES);"
                    f" ALTER TABLE of_clients.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
                )
            for table, name, command, seen, written in policies:
                clauses = [f"USING ({seen})"] if seen else []
                clauses += [f"WITH CHECK ({written})"] if written else []
                rows = " ".join(clauses).replace(NULL_WHERE_EMPTY, SETTING)
                owner.execute(f"CREATE POLICY {name} ON of_clients.{table} FOR {command} TO taskrunner_client {rows}")
            yield "of_clients"
        finally:
            owner.execute("DROP SCHEMA of_clients CASCADE")


def verdicts(said):
    """By table."""
    lines = [line.split() for line in said.splitlines() if line.startswith("of_clients.")]
    return {words[0].removeprefix("of_clients."): words[1] for words in lines}


def test_the_whole_schema_lints_but_for_what_is_explained(pgrls, clean_database):
    said, content = pgrls("lint", "--schemas", "public", "--config", HERE / "of_all.toml")
    assert content, said


def test_the_policies_of_clients_lint_but_for_what_is_explained(pgrls, of_clients):
    said, content = pgrls("lint", "--schemas", of_clients, "--config", HERE / "of_clients.toml")
    assert content, said


@pytest.mark.parametrize("mode", ["cross-tenant", "write"])
def test_no_client_reads_or_writes_another_tenants_row(pgrls, of_clients, mode):
    said, content = pgrls("verify", "--schemas", of_clients, "--config", HERE / "of_clients.toml", "--mode", mode)
    found = verdicts(said)
    assert content, said
    assert len(found) >= 16
    assert {table for table, verdict in found.items() if verdict != "PROVEN"} <= OF_NO_TENANT, said


def test_what_is_not_kept_apart_is_found(pgrls, of_clients):
    """The control."""
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER POLICY client_select ON of_clients.taskrunner_task_logs USING (true)")
    for words in (["lint"], ["verify", "--mode", "cross-tenant", "--strict"]):
        said, content = pgrls(*words, "--schemas", of_clients, "--config", HERE / "of_clients.toml")
        assert not content
        assert "taskrunner_task_logs" in said
