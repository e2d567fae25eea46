"""A page of docs as a program: what it writes into files and types into a terminal, heading by heading."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.package.hosts import Host
from tests.waiting import wait_until

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.M | re.S)
FILE = re.compile(r"# ([\w/]+\.py)(, added)?\n")
# behind whatever the page has set: the servers of this run
SERVERS = """
import json, os
DATABASES = {"default": json.loads(os.environ["HOST_DATABASE"])}
TASKRUNNER = {**globals().get("TASKRUNNER", {}), **json.loads(os.environ["HOST_TASKRUNNER"])}
"""


@dataclass(frozen=True)
class File:
    """A file of the project's is replaced, or has something added; its settings always have."""

    path: str
    text: str
    is_added: bool

    def write(self, directory: Path) -> None:
        in_settings = self.path.endswith("settings.py")
        with (directory / self.path).open("a" if self.is_added or in_settings else "w") as file:
            file.write(self.text + SERVERS * in_settings)


@dataclass(frozen=True)
class Section:
    """What a reader does below one heading, in order: files to write, and commands."""

    heading: str
    actions: list[File | str]


def sections(page: Path) -> list[Section]:
    """Those of a page in which there is something to do."""
    parts = re.split(r"^## ", page.read_text(), flags=re.M)[1:]
    found = [Section(part.partition("\n")[0], list(_actions(part))) for part in parts]
    return [section for section in found if section.actions]


def _actions(part: str) -> Iterator[File | str]:
    for language, text in BLOCK.findall(part):
        if language == "console":
            yield from (line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ "))
        elif named := FILE.match(text):
            yield File(named[1], text[named.end() :], is_added=bool(named[2]))


class Reader:
    """Does in a project what a page says. A cluster that it starts ends with the block.

    `install` is called for each line of pip; it has its own way to the wheel.
    """

    def __init__(self, host: Host, install: Callable[[str], None]) -> None:
        self._host = host
        self._install = install
        self._clusters = ExitStack()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._clusters.close()

    def follow(self, section: Section) -> str:
        """What its commands printed. Fails where one of them does."""
        said = [self._do(action) for action in section.actions]
        return "\n".join(said)

    def wait_for_schedule(self, name: str) -> None:
        """Until it has fired."""
        wait_until(lambda: json.loads(self._host.manage("schedules", "show", name, "--json"))["last_task_id"])

    def _do(self, action: File | str) -> str:
        if isinstance(action, File):
            action.write(self._host.directory)
            return ""
        program, *words = shlex.split(action)
        if program == "pip":
            self._install(action)
            return ""
        if program == "django-admin":
            self._host.directory.mkdir(parents=True)
            return self._host.run("-m", "django", *words)
        if words[1] == "qcluster":
            log = self._clusters.enter_context((self._host.directory / "cluster.log").open("w"))
            self._clusters.enter_context(self._host.cluster(*words[1:], log=log))
            return ""
        return self._host.run(*words, errors=True)
