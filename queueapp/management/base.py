"""What the platform's commands share: who acts, `--json`, and refusals as plain lines instead of traces."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import ProgrammingError

from queueapp.db import driver
from queueapp.errors import TaskrunnerError
from queueapp.management.output import Output, printable
from queueapp.redaction import masked_text
from queueapp.tasks.progress_log import told_otherwise
from queueapp.tenancy import Scope, operator_scope


def cli_actor() -> str:
    """The person at the terminal, by the account that the kernel knows and not by what $USER claims."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a number that has no name
        user = str(os.geteuid())
    return f"operator:{user}@cli"


@contextmanager
def acting() -> Iterator[Scope]:
    """One short transaction over all tenants in the name of the person at the terminal."""
    with operator_scope(cli_actor()) as scope:
        yield scope


@contextmanager
def database_errors_in_words() -> Iterator[None]:
    """Raises CommandError where PostgreSQL does not answer or is not what it should be; `--traceback` shows more."""
    try:
        yield
    except DatabaseError as error:
        if not (driver.is_unavailable(error) or isinstance(error, ProgrammingError)):
            raise
        raise CommandError(
            f"PostgreSQL: {masked_text(str(error)).strip()}\n`manage.py doctor` checks every part."
        ) from error
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from error


class PlatformCommand(BaseCommand):
    """Results go to `self.output`, refusals to standard error with exit code 1."""

    output: Output

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document, for machines")

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.output = Output(options.get("stdout") or self.stdout, no_color=options["no_color"])
        try:
            with database_errors_in_words(), told_otherwise():
                return super().execute(*args, **options)
        except TaskrunnerError as error:
            raise CommandError(explain(error)) from error


def explain(error: TaskrunnerError) -> str:
    """An error in words, one line for each field that was refused."""
    fields = getattr(error, "errors", [])
    lines = [f"{field.field}: {field.message}" for field in fields] or [str(error)]
    return printable(masked_text("\n".join(lines)))
