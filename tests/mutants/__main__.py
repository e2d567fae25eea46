"""Plants each fault in a copy of the tree and runs the tests that must notice: `make mutants`.

A suite that never failed proves nothing. Exits 1 when a fault goes unnoticed or no longer fits the code.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from taskrunner.devserver.embedded import EmbeddedServers
from tests.mutants.mutations import MUTATIONS, ROOT, Mutation

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "staticfiles", "benchmarks")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=short", "-p", "no:cacheprovider"]


def main() -> int:
    for mutation in MUTATIONS:
        mutation.applied_to((ROOT / mutation.file).read_text())
    with TemporaryDirectory(prefix="taskrunner-mutants-") as directory:
        copy = Path(directory) / "tree"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        with EmbeddedServers(Path(directory) / "servers") as servers:
            environment = {**os.environ, **servers.environment(), "PYTHONPATH": str(copy)}
            sound = run_tests({test for mutation in MUTATIONS for test in mutation.tests}, copy, environment)
            if sound.returncode != 0:
                sys.exit(f"The tests fail already without a fault:\n{sound.stdout[-2000:]}")
            unnoticed = [mutation.name for mutation in MUTATIONS if not noticed(mutation, copy, environment)]
    print(f"{len(MUTATIONS) - len(unnoticed)} of {len(MUTATIONS)} killed", *unnoticed)
    return 1 if unnoticed else 0


def noticed(mutation: Mutation, copy: Path, environment: dict[str, str]) -> bool:
    """Whether the tests fail as they should with this fault in the copy, which is made good afterwards."""
    file = copy / mutation.file
    sound = file.read_text()
    file.write_text(mutation.applied_to(sound))
    began = time.monotonic()
    done = run_tests(mutation.tests, copy, environment)
    file.write_text(sound)
    killed = done.returncode == 1 and mutation.noticed_as in done.stdout
    print(f"{'killed' if killed else 'SURVIVED':<9}{mutation.name:<27}{time.monotonic() - began:5.1f} s", flush=True)
    if not killed:
        print(f"  {mutation.why}", done.stdout[-2000:], done.stderr[-2000:], sep="\n")
    return killed


def run_tests(files: Iterable[str], copy: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PYTEST, *files], cwd=copy, env=environment, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
