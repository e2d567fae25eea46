"""Django's own tests of task backends, out of its source package, turned to our backend.

Those of the dummy backend and of tasks in general: they state what `enqueue`, `get_result` and validation do. Left out
are test_immediate_backend.py (that enqueue runs the function at once, in the caller's process), test_custom_backend.py
(of classes of its own), and LEFT_OUT. The backport's source package has no tests.
"""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

LEFT_OUT = (
    # they change what the dummy backend keeps in a list; ours reads the database
    "test_refresh_result",
    "test_refresh_result_async",
    "test_clear",
)
MODULES = ("test_dummy_backend", "test_tasks")
DUMMY = "django.tasks.backends.dummy"
BACKEND = '''
"""Our backend, with what Django's tests ask of the dummy one: the list of what was enqueued."""

from queueapp.contrib.django_tasks import Backend


class DummyBackend(Backend):
    def __init__(self, alias, params):
        super().__init__(alias, params)
        self.results = []

    def enqueue(self, task, args, kwargs):
        result = super().enqueue(task, args, kwargs)
        self.results.append(result)
        return result

    def clear(self):
        self.results.clear()
'''


def fetch_sources(version: str, directory: Path) -> Path:
    """Django's source package of this version, as pip finds it."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--ignore-requires-python"]
    subprocess.run([*command, "--no-binary", ":all:", "-d", str(directory), f"Django=={version}"], check=True)
    (archive,) = directory.glob("*.tar.gz")
    return archive


def write_suite(archive: Path, directory: Path) -> None:
    """The package `tasks`, as Django's tests call themselves, and the backend beside it."""
    suite = directory / "tasks"
    suite.mkdir()
    (suite / "__init__.py").touch()
    (directory / "suite_backend.py").write_text(BACKEND)
    with tarfile.open(archive) as sources:
        for member in sources:
            if match := re.fullmatch(r"[^/]+/tests/tasks/(\w+)\.py", member.name):
                name, file = match[1], sources.extractfile(member)
                if file and (name in MODULES or name == "tasks"):
                    (suite / f"{name}.py").write_text(_ours(file.read().decode()))


def _ours(text: str) -> str:
    for name in LEFT_OUT:
        text = re.sub(rf"def {name}\(", f"def left_out_{name}(", text)
    # theirs needs no database
    return text.replace(DUMMY, "suite_backend").replace("SimpleTestCase", "TestCase")
