"""Custom keys, which operators add: what may be declared of one, and what it makes possible."""

from dataclasses import replace

import pytest

from configapp import maintenance
from configapp.changes import dry_run, submit_change
from configapp.custom_keys import delete_custom_key, save_custom_key
from configapp.errors import ChangeRefused, UnknownKey
from configapp.keyspec import KeySpec, Kind
from queueapp.errors import ScopeError
from queueapp.tenancy import operator_scope
from tests.configapp.applying import ALICE, versions

NAME = KeySpec("webui.title", Kind.STRING, "what the browser shows", minimum=1, maximum=20)


def save(spec):
    with operator_scope(ALICE):
        return save_custom_key(spec)


def test_a_custom_key_can_be_set_within_its_bounds(config_worker):
    save(NAME)
    submit_change("webui.title", "Hello", actor=ALICE)
    config_worker.run_all()
    assert versions("webui.title") == [(1, "Hello")]
    save(replace(NAME, maximum=3))
    with pytest.raises(ChangeRefused, match="at most 3 characters"):
        dry_run("webui.title", "Hello", actor=ALICE)
    with operator_scope(ALICE):
        assert [finding.key for finding in maintenance.findings()] == ["webui.title"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"key": "title"}, "key"),
        ({"key": "app.debug"}, "key"),
        ({"choices": ("a",)}, "choices"),
        ({"kind": Kind.CHOICE}, "choices"),
        ({"minimum": 30.0}, "minimum"),
        ({"pattern": "("}, "pattern"),
        ({"kind": Kind.INTEGER, "pattern": "1+"}, "pattern"),
        ({"default": "x" * 21}, "default"),
        ({"default": "a secret", "secret": True}, "default"),
    ],
)
def test_an_invalid_spec_is_refused_by_field(clean_database, changed, field):
    with pytest.raises(ChangeRefused) as refused:
        save(replace(NAME, **changed))
    assert [error.field for error in refused.value.errors] == [field]


def test_what_held_secrets_stays_secret(config_worker):
    save(replace(NAME, secret=True))
    submit_change("webui.title", "a secret title", actor=ALICE)
    config_worker.run_all()
    with pytest.raises(ChangeRefused, match="stays secret"):
        save(NAME)


def test_a_deleted_key_is_unknown_and_what_is_stored_is_found(config_worker):
    save(NAME)
    submit_change("webui.title", "Hello", actor=ALICE)
    config_worker.run_all()
    with operator_scope(ALICE):
        delete_custom_key("webui.title")
        (finding,) = maintenance.findings()
        with pytest.raises(UnknownKey):
            delete_custom_key("webui.title")
    assert "no longer a known key" in finding.problem


def test_to_save_a_key_takes_an_operator(clean_database):
    with pytest.raises(ScopeError):
        save_custom_key(NAME)
