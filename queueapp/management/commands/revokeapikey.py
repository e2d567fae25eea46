"""Revoke an API key."""

from typing import Any

from django.core.management.base import CommandParser

from queueapp.apikeys import revoke_key
from queueapp.management.base import PlatformCommand, acting


class Command(PlatformCommand):
    help = "Revoke an API key for good; it stops within seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("prefix", help="the 8 characters after tr_, which logs and events show too")

    def handle(self, **options: Any) -> None:
        with acting():
            row = revoke_key(options["prefix"])
        if options["json"]:
            self.output.json({"prefix": row.prefix, "name": row.name, "revoked_at": row.revoked_at})
        else:
            self.output.line(f"The key {row.prefix} of {row.name} is revoked.")
