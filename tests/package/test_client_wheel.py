"""What `pip wheel clients/python` packs: the client, typed, and no Django."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import PurePosixPath

import pytest
import taskrunner_client

import queueapp
from tests.architecture.source import ROOT
from tests.package.conftest import build_wheel


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory):
    return build_wheel(ROOT / "clients" / "python", tmp_path_factory.mktemp("client"))


def test_it_has_every_file_and_no_more(client_wheel):
    with zipfile.ZipFile(client_wheel) as archive:
        files = [PurePosixPath(name) for name in archive.namelist()]
        metadata = next(path for path in files if path.name == "METADATA")
        said = Parser().parsestr(archive.read(str(metadata)).decode())
    tree = (ROOT / "clients" / "python" / "taskrunner_client").iterdir()
    packed = {path.name for path in files if path.parts[0] == "taskrunner_client"}
    assert packed == {path.name for path in tree if path.is_file()} >= {"py.typed"}
    assert (said["Name"], said["Version"], said["License-Expression"]) == ("taskrunner-client", "0.1.0", "MIT")
    assert taskrunner_client.__version__ == queueapp.__version__ == said["Version"]
    assert [each.split(">")[0] for each in said.get_all("Requires-Dist")] == ["anyio", "httpx", "pydantic"]


def test_it_is_imported_without_django(client_wheel):
    program = "import sys, taskrunner_client; sys.exit(bool({'django', 'queueapp'} & set(sys.modules)))"
    environment = {"PYTHONPATH": str(client_wheel)}  # Python imports from a wheel as from any archive
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, cwd=client_wheel.parent)
