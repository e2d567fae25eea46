"""docs/api.md: its commands run as they stand, and every address it names is served."""

import os
import re
import subprocess

import pytest

from queueapp.models import Task
from queueapp.rest.toolkit import problem_details
from queueapp.rest.toolkit.errors import ApiError
from queueapp.tenancy import operator_scope
from tests.clusters import ROOT, running_cluster
from tests.rest.calling import key_for
from tests.rest.routes import routes
from tests.waiting import PATIENCE_SECONDS

PAGE = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture
def shell(live, acme):
    def run(*scripts):
        """Run scripts in one shell; a separator stands between what each printed."""
        script = "set -euo pipefail\n" + "\necho; echo ---\n".join(scripts)
        environment = {**os.environ, "TASKRUNNER_URL": live.url, "TASKRUNNER_CLIENT_KEY": key_for(acme)}
        done = subprocess.run(
            ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split("\n---\n")

    return run


def test_the_commands_of_the_page_do_what_it_says(shell):
    with running_cluster(workers=2):
        printed = shell(*BLOCKS, 'echo "$first"', 'echo "$again"')
    everything = "".join(printed)
    assert '"params":{"msg":"hello"}' in printed[0]
    assert '"params":{"n":1}' in printed[1]
    assert '"result":{"slept_seconds":1.0}' in printed[3], "it waited for the end"
    assert re.search(r'"code":"(running|position|no_capable_worker)"', printed[4])
    assert '"priority":9' in printed[5]
    assert '"dry_run":true' in printed[6]
    assert '"changed":' in printed[6]
    assert '"results":' in printed[7]
    assert '"tasks_per_minute":30' in everything
    ids = [re.search(r'"id":"([0-9a-f-]{36})"', text)[1] for text in printed[-2:]]
    assert ids[0] == ids[1]
    with operator_scope("operator:test"):
        assert Task.objects.filter(params={"order": 4711}).count() == 1


def test_every_address_in_the_table_is_served():
    table = PAGE[PAGE.index("| theirs | ours |") :]
    ours = re.findall(
        r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`? ]*)", "".join(row.split("|")[2] for row in table.splitlines())
    )
    assert len(ours) > 30
    assert set(ours) <= {str(route) for route in routes()}


def test_every_code_is_in_the_table_of_errors():
    def kinds(base):
        return {base, *(each for child in base.__subclasses__() for each in kinds(child))}

    codes = {kind.code for kind in kinds(ApiError)} | {kind.code for kind in problem_details.STATUS_OF} - {
        ApiError.code
    }
    missing = {code for code in codes - {ApiError.code} if f"`{code}`" not in PAGE}
    assert missing == set()
