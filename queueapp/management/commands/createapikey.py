"""Create an API key."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp import clock
from queueapp.apikeys import create_key
from queueapp.management.arguments import default_tenant, find_tenant, whole_number
from queueapp.management.base import PlatformCommand, acting
from queueapp.models import ApiKey
from queueapp.rest.toolkit.permissions import Right


class Command(PlatformCommand):
    help = "Create an API key and print it. It is shown this once: only a digest is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="whose key it is; a name may have two live keys, for rotation")
        parser.add_argument("--tenant", help=f"by default {default_tenant()}")
        parser.add_argument("--role", choices=ApiKey.Role.values, default=ApiKey.Role.CLIENT)
        parser.add_argument("--scope", action="append", default=[], choices=[*Right], help="repeat; by default all")
        parser.add_argument("--capabilities", default="{}", help='of a worker, e.g. \'{"categories": ["Ideas.*"]}\'')
        parser.add_argument("--expires-in-days", type=whole_number(1, 3650), help="by default never")

    def handle(self, **options: Any) -> None:
        days = options["expires_in_days"]
        with acting():
            row, key = create_key(
                find_tenant(options["tenant"]),
                options["name"],
                options["role"],
                scopes=options["scope"],
                capabilities=_capabilities(options["capabilities"]),
                expires_at=clock.now() + timedelta(days=days) if days else None,
            )
        if options["json"]:
            document = {"key": key, "prefix": row.prefix, "name": row.name, "role": row.role}
            self.output.json({**document, "scopes": row.scopes, "expires_at": row.expires_at})
        else:
            self.output.line(key)


def _capabilities(text: str) -> dict[str, Any]:
    try:
        capabilities = json.loads(text)
    except ValueError:
        capabilities = None
    if not isinstance(capabilities, dict):
        raise CommandError('--capabilities must be a JSON object, e.g. {"categories": ["Ideas.*"]}.')
    return capabilities
