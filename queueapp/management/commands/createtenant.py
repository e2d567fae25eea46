"""Create a tenant."""

from typing import Any

from django.core.management.base import CommandParser

from queueapp.management.base import PlatformCommand, acting
from queueapp.operators.service import create_tenant


class Command(PlatformCommand):
    help = "Create a tenant."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug", help="small letters, digits and `-`")
        parser.add_argument("--name", default="", help="for people; by default the slug")

    def handle(self, **options: Any) -> None:
        with acting():
            tenant = create_tenant(options["slug"], options["name"])
        if options["json"]:
            self.output.json({"id": tenant.id, "slug": tenant.slug, "name": tenant.name})
        else:
            self.output.line(f"Tenant {tenant.slug} is there, with id {tenant.id}.")
