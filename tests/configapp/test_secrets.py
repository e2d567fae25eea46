"""Secrets: encrypted where they are stored, masked everywhere else, and readable by whoever has a key."""

import json
import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management.base import CommandError
from django.db import connections

import configapp
from configapp import maintenance, queries, reader
from configapp.changes import ChangeRequest, dry_run, roll_back, submit_change, submit_changes
from configapp.errors import ChangeRefused, SecretUnreadable
from configapp.models import ConfigSecret, ConfigVersion
from configapp.settings import ConfigSettings
from configapp.values import mask
from queueapp.tenancy import operator_scope
from taskrunner.devserver.embedded.private import kept_secrets
from tests.commands.calling import run
from tests.configapp.applying import ALICE, stored, task, versions

TOKEN = "github.api_token"
CANARY = "canary-7f3a9c-sings-in-the-mine-Zq81"
NEW, OLD = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def everything_stored():
    """Every row of every table as text, read past all policies."""
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        tables = [name for (name,) in owner.fetchall()]
        owner.execute("BEGIN")
        try:
            for table in tables:
                owner.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
            texts = []
            for table in tables:
                owner.execute(f'SELECT t::text FROM "{table}" t')
                texts += [f"{table}: {row}" for (row,) in owner.fetchall()]
            return texts
        finally:
            owner.execute("ROLLBACK")


def betrayals(texts):
    """Those that hold more of the canary than its last four characters."""
    pieces = {CANARY[start : start + 6] for start in range(len(CANARY) - 5)}
    return [text for text in texts if any(piece in text for piece in pieces)]


def test_the_look_for_the_canary_finds_it(config_worker):
    submit_change("ai.llm_model", "model-" + CANARY[:10], actor=ALICE)
    config_worker.run_all()
    assert {text.split(":")[0] for text in betrayals(everything_stored())} == {
        "taskrunner_config_audit",
        "taskrunner_config_changes",
        "taskrunner_config_versions",
        "system_config",
    }


def test_a_secret_is_nowhere_but_encrypted(config_worker, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # that one logs parameters, and only with DEBUG on
    change = submit_change(TOKEN, CANARY, actor=ALICE)
    config_worker.run_all()
    submit_change(TOKEN, "another secret, quite long", actor=ALICE)
    roll_back(TOKEN, 1, actor=ALICE)
    config_worker.run_all()
    dry_run(TOKEN, CANARY, actor=ALICE)
    refusals = []
    for bad in (CANARY + "\x07", CANARY * 20, [CANARY], CANARY + "<script>alert(1)</script>"):
        with pytest.raises(ChangeRefused) as refused:
            submit_changes([ChangeRequest(TOKEN, bad), ChangeRequest("app.debug", CANARY)], actor=ALICE)
        refusals.append(str(refused.value))
    assert configapp.get(TOKEN) == CANARY
    shown = [run("config", *arguments) for arguments in (["get", TOKEN], ["list"], ["history", TOKEN], ["export"])]
    printed = capsys.readouterr()
    places = [*everything_stored(), *shown, *refusals, caplog.text, printed.out, printed.err]
    places.append(json.dumps(task(change.task_id).result))
    with operator_scope("operator:test"):
        places += [repr(queries.find_setting(TOKEN)), repr(list(queries.history(TOKEN)))]
    assert betrayals(places) == []
    assert [value for _, value in versions(TOKEN)] == [mask(CANARY), "*" * 19 + "long", mask(CANARY)]


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("abc", "***"), ("abcdefgh", "***"), ("abcdefghijk", "***"), ("abcdefghijkl", "*" * 19 + "ijkl")],
)
def test_a_mask_shows_the_end_of_a_long_secret_and_nothing_of_a_short_one(secret, shown):
    assert mask(secret) == shown


def test_a_rolled_back_secret_reads_as_it_was(config_worker):
    for value in ("the first secret", "the second secret"):
        submit_change(TOKEN, value, actor=ALICE)
        config_worker.run_all()
    roll_back(TOKEN, 1, actor=ALICE)
    config_worker.run_all()
    assert configapp.get(TOKEN) == "the first secret"


def rotate():
    with operator_scope(ALICE):
        return maintenance.rotate_secrets()


def test_rotation_frees_the_old_key_and_old_versions_stay_readable(config_worker, configure):
    configure(CONFIG={"ENCRYPTION_KEYS": [OLD]})
    submit_change(TOKEN, "the first secret", actor=ALICE)
    submit_change(TOKEN, "the second secret", actor=ALICE)
    config_worker.run_all()
    configure(CONFIG={"ENCRYPTION_KEYS": [NEW, OLD]})
    assert "2 secrets were encrypted again" in run("config", "rotate")
    assert rotate() == 0
    configure(CONFIG={"ENCRYPTION_KEYS": [NEW]})
    assert configapp.get(TOKEN) == "the second secret"
    roll_back(TOKEN, 1, actor=ALICE)
    config_worker.run_all()
    reader.forget()
    assert configapp.get(TOKEN) == "the first secret"
    with operator_scope("operator:test"):
        assert ConfigVersion.objects.count() == 3
        assert ConfigSecret.objects.count() == 2


def test_rotation_without_the_old_key_changes_nothing(config_worker, configure):
    configure(CONFIG={"ENCRYPTION_KEYS": [OLD]})
    submit_change(TOKEN, "the first secret", actor=ALICE)
    config_worker.run_all()
    configure(CONFIG={"ENCRYPTION_KEYS": [NEW]})
    with pytest.raises(SecretUnreadable):
        rotate()
    with pytest.raises(SecretUnreadable, match=TOKEN):
        configapp.get(TOKEN)
    assert configapp.get("app.debug") is False  # one secret that cannot be read hides no other key
    configure(CONFIG={"ENCRYPTION_KEYS": [OLD]})
    reader.forget()
    assert configapp.get(TOKEN) == "the first secret"


def test_rotation_without_any_key_says_what_is_missing(config_worker, configure):
    configure(CONFIG={"ENCRYPTION_KEYS": [OLD]})
    submit_change(TOKEN, "the first secret", actor=ALICE)
    config_worker.run_all()
    configure(CONFIG={"ENCRYPTION_KEYS": []})
    with pytest.raises(CommandError, match="CONFIG_ENCRYPTION_KEYS"):
        run("config", "rotate")


def test_without_a_key_no_secret_is_taken(clean_database, configure):
    configure(CONFIG={"ENCRYPTION_KEYS": []})
    with pytest.raises(ChangeRefused, match="CONFIG_ENCRYPTION_KEYS"):
        submit_change(TOKEN, "the first secret", actor=ALICE)
    assert stored(TOKEN) is None


def test_kept_secrets_are_made_once_each_and_are_encryption_keys(tmp_path):
    path = tmp_path / "secrets.json"
    first = kept_secrets(path, ["SECRET_KEY"])
    both = kept_secrets(path, ["SECRET_KEY", "CONFIG_ENCRYPTION_KEYS"])  # a directory of before there were two
    assert both == kept_secrets(path, ["SECRET_KEY", "CONFIG_ENCRYPTION_KEYS"])
    assert both["SECRET_KEY"] == first["SECRET_KEY"]
    (key,) = ConfigSettings(ENCRYPTION_KEYS=[both["CONFIG_ENCRYPTION_KEYS"]]).encryption_keys
    assert Fernet(key.get_secret_value()).decrypt(Fernet(key.get_secret_value()).encrypt(b"x")) == b"x"
