"""Django's migrate, as the owner of the tables where OWNER_DATABASE_URL is set."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from queueapp.management.base import database_errors_in_words
from queueapp.tenancy.logins import OWNER_ALIAS


class Command(Migrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        if OWNER_ALIAS in connections.settings:
            parser.set_defaults(database=OWNER_ALIAS)

    def execute(self, *args: Any, **options: Any) -> str | None:
        with database_errors_in_words():
            return super().execute(*args, **options)
