"""Reading in Python: typed, at most a second old, whatever scope is open, and told of changes."""

import os
import subprocess
import sys

import pytest

import configapp
from configapp import reader
from configapp.changes import submit_change, unset
from configapp.custom_keys import delete_custom_key, save_custom_key
from configapp.errors import UnknownKey
from configapp.keyspec import KeySpec, Kind
from configapp.signals import config_changed
from queueapp.tenancy import operator_scope, tenant_scope
from tests.clusters import ROOT
from tests.configapp.applying import ALICE
from tests.sql_queries import end_other_sessions
from tests.waiting import comes_true, wait_until

PORT = "app.api_port"


@pytest.fixture
def told():
    """The sets of keys that this process was told of."""
    heard = []

    def hear(keys, **_):
        heard.append(keys)

    config_changed.connect(hear)
    yield heard
    config_changed.disconnect(hear)


def apply(config_worker, key, value):
    submit_change(key, value, actor=ALICE)
    config_worker.run_all()


def test_values_have_their_types(config_worker):
    assert [configapp.get(key) for key in (PORT, "app.debug", "content.quality_threshold", "app.log_level")] == [
        8080,
        False,
        0.3,
        "INFO",
    ]
    assert configapp.get("github.api_token") is None
    apply(config_worker, PORT, " 9000 ")
    assert comes_true(lambda: configapp.get(PORT) == 9000)
    assert type(configapp.get(PORT)) is int


def test_a_key_that_nobody_knows_is_an_error(clean_database):
    with pytest.raises(UnknownKey, match=r"no\.such_key"):
        configapp.get("no.such_key")


def test_a_committed_change_is_read_at_the_next_poll_and_told_once(config_worker, told):
    assert reader.POLL_INTERVAL_SECONDS <= 0.5
    configapp.get(PORT)
    for number in range(5):
        apply(config_worker, PORT, 9000 + number)
        wait_until(lambda value=9000 + number: configapp.get(PORT) == value)
    assert told == [frozenset({PORT})] * 5


def test_to_unset_is_to_read_the_default_again(config_worker):
    apply(config_worker, PORT, 9000)
    assert configapp.get(PORT) == 9000
    unset(PORT, actor=ALICE)
    config_worker.run_all()
    assert comes_true(lambda: configapp.get(PORT) == 8080)


def test_reading_needs_no_scope_and_minds_none(config_worker, acme):
    apply(config_worker, PORT, 9000)
    with tenant_scope(acme.id):
        assert configapp.get(PORT) == 9000
    with operator_scope(ALICE):
        assert configapp.get(PORT) == 9000


def test_a_forked_child_reads_on_its_own(config_worker):
    configapp.get(PORT)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, b"ready" if configapp.get(PORT) == 8080 else b"wrong")
        read = comes_true(lambda: configapp.get(PORT) == 9000)
        os.write(writer, b"9000!" if read else b"stale")
        os._exit(0)
    assert os.read(reader, 5) == b"ready"
    apply(config_worker, PORT, 9000)
    assert os.read(reader, 5) == b"9000!"
    os.wait()
    assert comes_true(lambda: configapp.get(PORT) == 9000)  # the parent's connection is whole


def test_the_environment_wins(config_worker, configure):
    configure(CONFIG={"OVERRIDES": {PORT: 7000}})
    apply(config_worker, PORT, 9000)
    assert configapp.get(PORT) == 7000


def test_a_custom_key_is_read_with_its_default_until_it_is_deleted(config_worker):
    configapp.get(PORT)
    with operator_scope(ALICE):
        save_custom_key(KeySpec("feature.new_search", Kind.BOOLEAN, "on or off", default=False))
    assert comes_true(lambda: _read("feature.new_search") is False)
    apply(config_worker, "feature.new_search", "true")
    assert comes_true(lambda: _read("feature.new_search") is True)
    with operator_scope(ALICE):
        delete_custom_key("feature.new_search")
    assert comes_true(lambda: _read("feature.new_search") is None)


def _read(key):
    try:
        return configapp.get(key)
    except UnknownKey:
        return None


def test_a_receiver_that_fails_keeps_nobody_from_reading(config_worker, told):
    def fail(**_):
        raise ZeroDivisionError

    config_changed.connect(fail)
    configapp.get(PORT)
    apply(config_worker, PORT, 9000)
    assert comes_true(lambda: configapp.get(PORT) == 9000)
    assert comes_true(lambda: told)
    config_changed.disconnect(fail)


def test_a_session_that_the_server_ends_is_replaced(config_worker, caplog):
    assert configapp.get(PORT) == 8080
    end_other_sessions()
    assert configapp.get(PORT) == 8080
    wait_until(lambda: "configuration not read" in caplog.text)
    apply(config_worker, PORT, 9000)
    wait_until(lambda: configapp.get(PORT) == 9000)


READ_ONE = "import django; django.setup(); import configapp; configapp.get('app.debug')"


def test_a_database_that_was_never_reached_is_an_error(clean_database):
    nowhere = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    nowhere["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    done = subprocess.run([sys.executable, "-c", READ_ONE], cwd=ROOT, env=nowhere, capture_output=True, text=True)
    assert "ConfigurationUnavailable: The configuration could not be read yet" in done.stderr
