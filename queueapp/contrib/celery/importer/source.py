"""Reading a project's source safely: text within limits, parsed, never run."""

import ast
import codecs
import os
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tokenize import detect_encoding

from queueapp.contrib.celery.importer.findings import Refused, Report

MAX_BYTES = 2**19
MAX_FILES = 20_000
MAX_DEPTH = 100  # of nested syntax: what parses deeper may exhaust the stack of whatever reads it
# what a module must hold to be of interest, beside being a package's own
MENTIONS = re.compile(rb"celery|kombu|\.task\b|apply_async|send_task|\.si?\(|signature\(", re.IGNORECASE)
# others have no meaning of their own in source, and some take hours to decode
ENCODINGS = {"utf-8", "utf-8-sig", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
# of installed packages, tools and what Django generates
SKIPPED = {"__pycache__", "migrations", "node_modules", "site-packages"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str  # relative to the project
    file: Path
    content: bytes
    encoding: str
    tree: ast.Module

    @property
    def text(self) -> str:
        return self.content.decode(self.encoding)

    @property
    def module(self) -> str:
        """The dotted name under which the project imports it."""
        parts = Path(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def read_project(root: Path, report: Report) -> list[SourceFile]:
    """Every module below a directory that may have to do with Celery; the report has those that were refused."""
    found = []
    for number, file in enumerate(_python_files(root), 1):
        path = file.relative_to(root).as_posix()
        with report.refusals(path):
            if number > MAX_FILES:
                raise Refused(0, f"a project may have {MAX_FILES:,} files; this one and what follows are not read")
            if (read := read_file(file, path)) is not None:
                found.append(read)
        if number > MAX_FILES:
            break
    return found


def read_file(file: Path, path: str) -> SourceFile | None:
    """None where nothing in it can have to do with Celery. Raises Refused."""
    content = _bytes_of(file)
    if not MENTIONS.search(content) and file.name != "__init__.py":
        return None
    encoding = _encoding_of(content)
    return SourceFile(path, file, content, encoding, _parsed(content))


def _python_files(root: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(root):
        here = Path(directory)
        folders[:] = sorted(each for each in folders if not _is_skipped(here / each))
        yield from (here / each for each in sorted(files) if each.endswith(".py"))


def _is_skipped(folder: Path) -> bool:
    return folder.name in SKIPPED or folder.name.startswith(".") or (folder / "pyvenv.cfg").exists()


def _bytes_of(file: Path) -> bytes:
    try:
        # neither through a link, which may lead round or out, nor waiting for a pipe
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        words = "is a symbolic link, and links are not followed" if file.is_symlink() else f"cannot be read: {error}"
        raise Refused(0, words) from error
    with open(descriptor, "rb") as opened:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Refused(0, "is no regular file")
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Refused(_lines(content), f"has {about.st_size:,} bytes, and a file may have {MAX_BYTES:,}")
    return content


def _encoding_of(content: bytes) -> str:
    if (null := content.find(b"\0")) >= 0:
        raise Refused(_lines(content[:null]), "has a null byte")
    try:
        encoding = codecs.lookup(detect_encoding(BytesIO(content).readline)[0]).name
        if encoding not in ENCODINGS:
            raise Refused(1, f"is in {encoding}: save it as UTF-8")
        content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(_lines(content[: error.start]), f"is not {error.encoding}, its encoding") from error
    except SyntaxError as error:
        raise Refused(1, str(error)) from error
    return encoding


def _parsed(content: bytes) -> ast.Module:
    try:
        with warnings.catch_warnings(action="ignore"):  # of odd escapes and the like, which are not ours to judge
            tree = ast.parse(content)
    except SyntaxError as error:
        raise Refused(error.lineno or 0, f"is no Python of this version: {error.msg}") from error
    except (RecursionError, MemoryError) as error:
        raise Refused(0, "is nested too deeply to be parsed") from error
    _require_shallow(tree)
    return tree


def _require_shallow(tree: ast.Module) -> None:
    level: list[ast.AST] = [tree]
    line = 0
    for _ in range(MAX_DEPTH):
        line = next((node.lineno for node in level if isinstance(node, ast.stmt | ast.expr)), line)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise Refused(line, f"is nested more than {MAX_DEPTH} deep")


def _lines(content: bytes) -> int:
    return content.count(b"\n") + 1
