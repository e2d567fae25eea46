"""What makers of clients make of the description: every operation, without a warning. npm must be there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from queueapp.rest.openapi.generator import openapi

PACKAGES = ("openapi-typescript@7.13.0", "@hey-api/openapi-ts@0.95.0", "typescript@5.9.3")
BIN = Path(sys.executable).parent
TSC = ("--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--module", "esnext")


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    path.write_text(json.dumps(openapi("/tasks/api")))
    return path


@pytest.fixture(scope="module")
def operations(description):
    paths = json.loads(description.read_text())["paths"]
    return {operation["operationId"] for methods in paths.values() for operation in methods.values()}


@pytest.fixture(scope="module")
def npm(pytestconfig):
    """A directory with the makers in it; pytest's cache keeps it between runs."""
    directory = Path(pytestconfig.cache.mkdir("openapi-typescript"))
    installed = directory / "installed"
    if not installed.exists() or installed.read_text() != " ".join(PACKAGES):
        (directory / "package.json").write_text('{"private": true}')
        run("npm", "install", "--silent", "--no-package-lock", *PACKAGES, cwd=directory)
        installed.write_text(" ".join(PACKAGES))
    return directory


def run(*command, cwd=None):
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # openapi-python-client calls ruff
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_openapi_python_client_drops_nothing(description, operations, tmp_path):
    said = run(
        "openapi-python-client",
        *("generate", "--path", str(description), "--output-path", str(tmp_path / "client"), "--meta", "none"),
        "--fail-on-warning",
    )
    made = {path.stem for path in (tmp_path / "client" / "api").glob("*/*.py")} - {"__init__"}
    assert {name.replace("_", "") for name in made} == {name.replace("_", "").lower() for name in operations}, said


def test_openapi_typescript_drops_nothing(description, operations, npm, tmp_path):
    made = tmp_path / "api.ts"
    said = run("npx", "openapi-typescript", str(description), "--output", str(made), cwd=npm)
    assert "warn" not in said.lower(), said
    found = set(re.findall(r'operations\["(\w+)"\]', made.read_text()))
    assert found == operations
    run("npx", "tsc", *TSC, "--moduleResolution", "bundler", str(made), cwd=npm)


def test_hey_api_drops_nothing(description, operations, npm, tmp_path):
    said = run("npx", "openapi-ts", "-i", str(description), "-o", str(tmp_path / "hey"), cwd=npm)
    assert "warn" not in said.lower(), said
    functions = set(re.findall(r"export const (\w+) = ", (tmp_path / "hey" / "sdk.gen.ts").read_text()))
    assert {name.lower() for name in functions} == {name.replace("_", "").lower() for name in operations}
    run("npx", "tsc", *TSC, "--moduleResolution", "bundler", str(tmp_path / "hey" / "index.ts"), cwd=npm)
