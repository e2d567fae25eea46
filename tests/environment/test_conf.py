"""The setting TASKRUNNER: every key has a default, and every fault is told at once, by key."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from queueapp import conf


def test_nothing_need_be_set(settings):
    settings.TASKRUNNER = {}
    assert conf.faults() == []
    assert conf.settings.isolation == "single"
    assert conf.settings.tasks_per_minute is None


def test_every_fault_is_told_at_once_and_by_key(settings):
    settings.TASKRUNNER = {"WORKER_PROCESES": 3, "WORKER_PROCESSES": 0, "PREFIX": "Two Words", "ISOLATION": "none"}
    unknown, *rest = sorted(conf.faults(), key=lambda line: "WORKER_PROCESES" not in line)
    assert unknown.startswith("TASKRUNNER['WORKER_PROCESES']: there is no such key. There are: ISOLATION, PREFIX, ")
    assert [line.partition(":")[0] for line in rest] == [
        "TASKRUNNER['ISOLATION']",
        "TASKRUNNER['PREFIX']",
        "TASKRUNNER['WORKER_PROCESSES']",
    ]
    with pytest.raises(SystemCheckError) as refused:
        call_command("check")
    assert all(line in str(refused.value) for line in [unknown, *rest])
    with pytest.raises(ImproperlyConfigured, match="WORKER_PROCESES"):
        print(conf.settings.worker_processes)


@pytest.mark.parametrize("value", ["rls", None, [("ISOLATION", "rls")]])
def test_it_must_be_a_dictionary(settings, value):
    settings.TASKRUNNER = value
    assert conf.faults() == ["TASKRUNNER: must be a dictionary"]
    with pytest.raises(ImproperlyConfigured, match="must be a dictionary"):
        print(conf.settings.prefix)


def test_a_change_holds_at_once(configure):
    configure(WORKER_PROCESSES=7)
    assert conf.settings.worker_processes == 7


def test_a_section_is_an_apps_own(settings, monkeypatch):
    monkeypatch.setattr(conf, "_sections", {})

    class Post(conf.Section):
        letters_per_day: int = 3

    section = conf.register_section("POST", Post)
    settings.TASKRUNNER = {"POST": {"LETTERS_PER_DAY": 4}}
    assert section.letters_per_day == 4
    settings.TASKRUNNER = {"POST": {"LETTERS": 4}}
    assert conf.faults() == ["TASKRUNNER['POST']['LETTERS']: there is no such key. There are: LETTERS_PER_DAY"]
    with pytest.raises(ImproperlyConfigured, match="registered twice"):
        conf.register_section("POST", Post)


def test_a_setting_is_read_before_every_app_has_registered_its_section(settings, monkeypatch):
    monkeypatch.setattr(conf, "_sections", {})
    settings.TASKRUNNER = {"POST": {"LETTERS_PER_DAY": 4}, "WORKER_PROCESSES": 3}
    assert conf.settings.worker_processes == 3
    assert len(conf.faults()) == 1
    conf.register_section("POST", type("Post", (conf.Section,), {"__annotations__": {"letters_per_day": int}}))
    assert conf.faults() == []


@pytest.mark.parametrize("missing", ["django_q", "rest_framework", "django.contrib.postgres"])
def test_an_app_that_is_missing_is_named(monkeypatch, missing):
    monkeypatch.setattr("queueapp.checks.apps.is_installed", lambda name: name != missing)
    with pytest.raises(SystemCheckError, match=f'Add "{missing}" to INSTALLED_APPS'):
        call_command("check")


def test_a_q_cluster_that_nobody_reads_is_a_warning(settings, capsys):
    settings.Q_CLUSTER = {"name": "mine"}
    call_command("check")
    assert "Q_CLUSTER is not used" in capsys.readouterr().err
    settings.INSTALLED_APPS = sorted(settings.INSTALLED_APPS, key="queueapp".__eq__)  # last
    call_command("check")
    assert "is not used" not in capsys.readouterr().err


def test_a_qcluster_that_is_nobodys_is_a_warning(settings, capsys):
    settings.INSTALLED_APPS = sorted(settings.INSTALLED_APPS, key="queueapp".__eq__)  # last
    del settings.Q_CLUSTER
    call_command("check")
    warned = capsys.readouterr().err
    assert "qcluster is django-q2's" in warned
    assert "List queueapp before django_q" in warned
