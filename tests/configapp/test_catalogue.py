"""The declared keys are what the rules allow, and the page that lists them is up to date."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from configapp.catalogue import CATALOGUE, register_keys, registry
from configapp.catalogue.builders import choice, integer
from configapp.keyspec import Kind
from configapp.validation import check_key, check_value
from tests.configapp.key_table import PAGE, key_table, written

SPECS = list(CATALOGUE.values())


def test_there_are_about_a_hundred_keys():
    assert len(CATALOGUE) == 98


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_a_key_keeps_its_own_rules(spec):
    assert check_key(spec.key) == spec.key
    assert spec.description
    if spec.default is not None:
        assert check_value(spec, spec.default) == spec.default
        assert type(check_value(spec, spec.default)) is type(spec.default)
        assert check_value(spec, str(spec.default)) == spec.default


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key)
def test_a_key_is_bounded(spec):
    match spec.kind:
        case Kind.INTEGER | Kind.NUMBER:
            assert spec.minimum is not None and spec.maximum is not None and spec.minimum < spec.maximum
        case Kind.STRING:
            assert spec.secret or spec.pattern
        case Kind.CHOICE:
            assert len(spec.choices) > 1


def test_secrets_are_declared_secret():
    assert {spec.key for spec in SPECS if spec.secret} == {
        key for key in CATALOGUE if re.search(r"(api_key|api_token|password)$", key)
    }


@pytest.fixture
def registry_copy(monkeypatch):
    """A registry whose additions end with the test."""
    copy = dict(CATALOGUE)
    monkeypatch.setattr(registry, "_keys", copy)
    return copy


def test_an_app_adds_its_own_keys(registry_copy):
    rows = integer("reports.max_rows", 1000, 1, 100_000, "rows of the longest report")
    register_keys(rows)
    assert registry_copy["reports.max_rows"] is rows


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (integer("app.api_port", 1, 0, 9, "taken"), "'app.api_port' is registered twice"),
        (integer("port", 1, 0, 9, "one part"), "'port' must be at least two parts"),
        (integer("reports.max_rows", 10, 0, 9, "default too high"), "default must be from 0 to 9"),
        (choice("reports.format", None, (), "no choices"), "choices must be given"),
    ],
)
def test_an_invalid_key_is_refused_at_start(registry_copy, spec, message):
    with pytest.raises(ImproperlyConfigured, match=message):
        register_keys(spec)
    assert len(registry_copy) == 98


def test_the_page_lists_every_key():
    assert written(PAGE.read_text()) == key_table(), "run python -m tests.configapp.key_table"
