"""Calling commands as a shell would, and what they printed."""

import json
import os
import signal
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from queueapp.management.base import cli_actor
from queueapp.models import OperatorAction, Worker
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT

ACTOR = cli_actor()


def run(*arguments):
    """What it printed."""
    stdout = StringIO()
    call_command(*map(str, arguments), stdout=stdout)
    return stdout.getvalue()


def run_json(*arguments):
    """The one document that it printed."""
    return json.loads(run(*arguments, "--json"))


def refused(*arguments):
    """What it printed, and the words of its refusal."""
    stdout = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command(*map(str, arguments), stdout=stdout)
    return stdout.getvalue(), str(refusal.value)


def manage(*arguments, stdout=subprocess.PIPE, **environment):
    """A process of manage.py, not waited for."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    )


def hear_ctrl_c():
    """A shell that starts the tests in the background makes them, and what they start, deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def actions():
    """What operators did, the oldest first: actor, action, target."""
    with operator_scope("operator:test"):
        return list(OperatorAction.objects.order_by("id").values_list("actor", "action", "target"))


def create_worker(**fields):
    """The row of a worker, alive unless told otherwise."""
    usual = {"cluster_id": new_id(), "host": "box", "pid": 7, "machine": "elsewhere", "queues": ["default"]}
    with operator_scope("operator:test"):
        return Worker.objects.create(start_ticks=0, **usual | fields)
