"""`createtenant` and `seed_demo`."""

import re
from argparse import ArgumentTypeError

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from queueapp.apikeys import authenticate_key
from queueapp.apikeys.authenticate import forget
from queueapp.apikeys.key_format import prefix_of
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope
from taskrunner.devserver.up import earlier_secrets, export, port_number
from tests.commands.calling import ACTOR, actions, refused, run, run_json


def tenants():
    with operator_scope("operator:test"):
        return dict(Tenant.objects.exclude(slug="system").values_list("slug", "name"))


def test_createtenant(clean_database):
    document = run_json("createtenant", "initech", "--name", "Initech Ltd")
    assert run("createtenant", "plain").startswith("Tenant plain is there, with id ")
    assert tenants() == {"initech": "Initech Ltd", "plain": "plain"}
    with operator_scope("operator:test"):
        assert str(Tenant.objects.get(slug="initech").id) == document["id"]
    assert actions() == [(ACTOR, "tenant.create", "initech"), (ACTOR, "tenant.create", "plain")]


def test_createtenant_refuses(acme):
    assert refused("createtenant", "acme")[1] == "slug: there is a tenant 'acme' already"
    assert refused("createtenant", "Acme Ltd")[1].startswith("slug: must be 1–50 small letters, digits or `-`")


def test_seed_demo_makes_tenants_and_an_administrator(clean_database):
    variables = run_json("seed_demo")
    assert variables.keys() == {
        *("TASKRUNNER_ADMIN_USER", "TASKRUNNER_ADMIN_PASSWORD"),
        *("TASKRUNNER_API_KEY", "TASKRUNNER_CLIENT_KEY", "TASKRUNNER_OTHER_KEY"),
    }
    known = [authenticate_key(variables[name]) for name in sorted(variables) if name.endswith("KEY")]
    assert [(key.role, key.tenant_slug) for key in known] == [
        ("admin", "demo"),
        ("client", "demo"),
        ("client", "other"),
    ]
    assert tenants() == {"demo": "Demo", "other": "Other"}
    assert authenticate(username="admin", password=variables["TASKRUNNER_ADMIN_PASSWORD"])
    assert User.objects.get(is_superuser=True, is_staff=True).username == "admin"


def test_seed_demo_again_changes_the_secrets_and_nothing_else(clean_database):
    variables = run_json("seed_demo")
    first = variables["TASKRUNNER_ADMIN_PASSWORD"]
    User.objects.filter(username="admin").update(is_active=False, email="boss@example.com")
    second = run("seed_demo").splitlines()[1].removeprefix("TASKRUNNER_ADMIN_PASSWORD=")
    assert authenticate(username="admin", password=first) is None
    assert authenticate(username="admin", password=second)
    assert User.objects.get().email == "boss@example.com"
    assert tenants() == {"demo": "Demo", "other": "Other"}
    assert [action for _, action, _ in actions()].count("tenant.create") == 2
    assert [action for _, action, _ in actions()].count("user.password") == 2
    assert all(actor == ACTOR for actor, _, _ in actions())
    assert authenticate_key(variables["TASKRUNNER_API_KEY"]) is None, "it was replaced"


def test_seed_demo_keeps_the_password_that_still_works(clean_database, monkeypatch):
    first = run_json("seed_demo")["TASKRUNNER_ADMIN_PASSWORD"]
    monkeypatch.setenv("TASKRUNNER_ADMIN_PASSWORD", first)
    User.objects.filter(username="admin").update(is_active=False)
    assert run_json("seed_demo")["TASKRUNNER_ADMIN_PASSWORD"] == first
    assert authenticate(username="admin", password=first)
    assert [action for _, action, _ in actions()].count("user.password") == 1
    monkeypatch.setenv("TASKRUNNER_ADMIN_PASSWORD", "another")
    assert run_json("seed_demo")["TASKRUNNER_ADMIN_PASSWORD"] not in (first, "another")


@pytest.mark.parametrize("given", [None, ""])
def test_seed_demo_never_takes_an_empty_password(clean_database, monkeypatch, given):
    if given is not None:
        monkeypatch.setenv("TASKRUNNER_ADMIN_PASSWORD", given)
    User.objects.create(username="admin")  # has none, and an empty one matches nothing
    assert run_json("seed_demo")["TASKRUNNER_ADMIN_PASSWORD"]


def test_seed_demo_keeps_the_keys_that_still_work(clean_database, monkeypatch):
    first = run_json("seed_demo")
    given = {name: value for name, value in first.items() if name.endswith("_KEY")}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert run_json("seed_demo").items() >= given.items()
    revoked, foreign = given["TASKRUNNER_CLIENT_KEY"], given["TASKRUNNER_OTHER_KEY"]
    run("revokeapikey", prefix_of(revoked))
    monkeypatch.setenv("TASKRUNNER_API_KEY", foreign)
    forget()  # a process remembers a key for two seconds
    third = run_json("seed_demo")
    assert authenticate_key(third["TASKRUNNER_CLIENT_KEY"]).role == "client"
    assert authenticate_key(third["TASKRUNNER_API_KEY"]).role == "admin"
    assert third["TASKRUNNER_OTHER_KEY"] == foreign
    assert revoked not in third.values()


def test_up_finds_the_secrets_that_it_wrote(tmp_path):
    file = tmp_path / "env"
    assert earlier_secrets(file) == {}
    secrets = {"TASKRUNNER_ADMIN_PASSWORD": "baba-baba", "TASKRUNNER_API_KEY": "tr_a", "TASKRUNNER_OTHER_KEY": "tr_b"}
    others = {"DATABASE_URL": "x'y", "SECRET_KEY": "s", "TASKRUNNER_URL": "http://127.0.0.1:8000"}
    file.write_text("".join(export(*item) for item in (secrets | others).items()) + "nonsense\n")
    assert earlier_secrets(file) == secrets


@pytest.mark.parametrize("text", ["abc", "-1", "65536", "1e3", ""])
def test_up_refuses_what_is_no_port(text):
    assert port_number("0") == 0
    with pytest.raises(ArgumentTypeError, match="is no port from 0 to 65535"):
        port_number(text)


def test_passwords_can_be_read_aloud_and_differ(clean_database):
    passwords = {run_json("seed_demo")["TASKRUNNER_ADMIN_PASSWORD"] for _ in range(3)}
    assert len(passwords) == 3
    assert all(re.fullmatch(r"[a-z]{4}(-[a-z]{4}){4}", password) for password in passwords)
