"""A short version of every chaos scenario, on servers of its own; `make chaos` runs them at length."""

import json
import subprocess
import sys

import pytest

from tests.chaos.__main__ import SCENARIOS
from tests.clusters import ROOT

SCALES = {"kills": 0.06, "deploys": 0.04}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_is_lost_and_nothing_completes_twice(scenario):
    command = [sys.executable, "-m", "tests.chaos", "--scenario", scenario, "--seed", "1", "--json"]
    done = subprocess.run(
        [*command, "--scale", str(SCALES.get(scenario, 0.05))], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])["results"][scenario]
    print(json.dumps(result, indent=2))
    assert result["faults"] == {}
    findings = result["findings"]
    assert findings["honest_completed"] == findings["honest"] - findings["honest_cancelled"] > 0
