"""What `pip wheel .` packs: four packages, whole, and nothing that belongs to a project."""

import zipfile
from email.parser import Parser
from pathlib import PurePosixPath

import pytest

from tests.architecture.source import APPS, ROOT

DATA = (".sql", ".html", ".css", ".js", ".LICENSE", ".svg", ".typed")


@pytest.fixture(scope="module")
def files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return [PurePosixPath(name) for name in archive.namelist()]


@pytest.fixture(scope="module")
def packed(files):
    return {path for path in files if not path.parts[0].endswith(".dist-info")}


def test_it_has_the_four_packages_and_no_more(packed):
    assert {path.parts[0] for path in packed} == set(APPS)
    assert not {"tests", "benchmarks", "deploy"} & {part for path in packed for part in path.parts}


def test_it_has_every_file_of_them(packed):
    tree = (path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*") if path.is_file())
    assert packed == {PurePosixPath(path) for path in tree if "__pycache__" not in path.parts}


def test_every_file_is_code_or_of_a_known_kind(packed):
    assert [str(path) for path in packed if path.suffix not in (".py", *DATA)] == []
    assert all(PurePosixPath(app, "py.typed") in packed for app in APPS)


def test_templates_and_static_files_stand_below_the_names_of_their_apps(packed):
    """So none takes the place of a host's: a template's directory is its app's, below `admin` in the admin."""
    for path in packed:
        app = path.parts[0]
        if "templates" in path.parts:
            assert path.parts[1:3] == ("templates", app) or path.parts[1:4] == ("templates", "admin", app), path
        if "static" in path.parts:
            assert path.parts[1:3] == ("static", app), path


def test_it_says_its_licence_and_its_extras(wheel, files):
    (metadata,) = (path for path in files if path.name == "METADATA")
    assert metadata.parent / "licenses" / "LICENSE" in files
    with zipfile.ZipFile(wheel) as archive:
        said = Parser().parsestr(archive.read(str(metadata)).decode())
    assert said["License-Expression"] == "MIT"
    assert said.get_all("Provides-Extra") == ["celery", "families", "s3", "server"]
