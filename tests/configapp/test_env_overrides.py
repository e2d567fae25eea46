"""Overrides from the environment: named after their key, checked at start, every fault reported at once."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError

from configapp import queries
from configapp.catalogue import CATALOGUE
from configapp.changes import submit_change
from configapp.env_overrides import PREFIX, BadOverrides, check_overrides, key_of, read_overrides
from configapp.settings import settings
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT
from tests.configapp.applying import ALICE


def test_every_key_has_a_variable_of_its_own():
    assert key_of("TASKRUNNER_CONFIG__APP__API_PORT") == "app.api_port"
    assert [key_of(PREFIX + key.replace(".", "__").upper()) for key in CATALOGUE] == list(CATALOGUE)


def test_overrides_are_values_of_the_keys_type():
    environment = {"TASKRUNNER_CONFIG__APP__DEBUG": " TRUE", "TASKRUNNER_CONFIG__APP__API_PORT": "9000", "PATH": "/"}
    assert read_overrides(environment) == {"app.debug": True, "app.api_port": 9000}


def test_every_bad_one_is_named_and_no_value_repeated():
    environment = {
        "TASKRUNNER_CONFIG__APP__API_PORT": "80-and-some",
        "TASKRUNNER_CONFIG__AI__OPENAI__API_KEY": "tiny",
    }
    with pytest.raises(BadOverrides) as bad:
        read_overrides(environment)
    assert [line.split(":")[0] for line in bad.value.lines] == sorted(environment)
    assert "80-and-some" not in str(bad.value)
    assert "tiny" not in str(bad.value)


def test_a_key_that_nobody_registered_is_named(configure):
    configure(CONFIG={"OVERRIDES": read_overrides({"TASKRUNNER_CONFIG__NO__SUCH": "sesame"})})
    with pytest.raises((ImproperlyConfigured, ValidationError), match=r"no\.such: there is no such key") as bad:
        assert settings.overrides
    assert "sesame" not in str(bad.value)
    with pytest.raises(ValueError, match=r"app\.api_port: must be a whole number"):
        check_overrides({"app.api_port": "x"})


def test_a_process_with_bad_ones_does_not_start_and_says_all(clean_database):
    bad = {"TASKRUNNER_CONFIG__APP__API_PORT": "x", "CONFIG_ENCRYPTION_KEYS": "short", "MAX_BATCH_SIZE": "0"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **bad}, capture_output=True, text=True)
    assert done.returncode != 0
    for name in bad:
        assert f"  {name}: " in done.stderr


def test_an_override_shows_as_such_and_a_secret_one_masked(config_worker, configure):
    configure(CONFIG={"OVERRIDES": {"app.api_port": 7000, "github.api_token": "a token from outside"}})
    submit_change("app.api_port", 9000, actor=ALICE)
    config_worker.run_all()
    with operator_scope(ALICE):
        port, token = queries.find_setting("app.api_port"), queries.find_setting("github.api_token")
    assert (port.shown, port.source, port.version) == (7000, "environment", 1)
    assert (token.shown, token.source, token.version) == ("*" * 19 + "side", "environment", 0)
