"""python -m benchmarks.one NAME OUTPUT [--quick]: one measurement on fresh servers, its outcome into a file.

A process of its own, since Django connects to one database a process.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import django

from taskrunner.devserver.embedded import EmbeddedServers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("output", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="taskrunner-bench-") as directory,
        EmbeddedServers(Path(directory)) as servers,
    ):
        os.environ.update(servers.environment())
        os.environ.update(
            SECRET_KEY=secrets.token_urlsafe(50),
            DJANGO_SETTINGS_MODULE="benchmarks.settings",
            LOG_LEVEL="WARNING",  # thousands of lines a second would be measured too
        )
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], check=True)
        django.setup()
        # now that there is a Django to import them into
        fixture = import_module("benchmarks.database_fixture")
        measurement = import_module(f"benchmarks.{options.name}")
        quick = options.quick
        place = fixture.DatabaseFixture(
            servers, fixture.make_tenant("bench"), quick, 2.0 if quick else 6.0, 1 if quick else 3
        )
        options.output.write_text(json.dumps(measurement.measure(place).as_json()))


if __name__ == "__main__":
    main()
