"""Show what holds for a tenant, or change its own limits: `limits SLUG tasks_per_minute=600 max_batch_size=default`."""

from typing import Any

from django.core.management.base import CommandParser

from queueapp.limits.tenant_limits import TenantLimits, limits_of
from queueapp.management.arguments import find_tenant, parameter
from queueapp.management.base import PlatformCommand, acting
from queueapp.operators import service

DEFAULT = "default"


class Command(PlatformCommand):
    help = "Show what holds for a tenant, or change its own limits."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug", help="the tenant")
        parser.add_argument(
            "changes",
            nargs="*",
            type=parameter,
            metavar="NAME=VALUE",
            help="JSON, e.g. 600; for a list also words between commas; `default` goes back to the platform's",
        )

    def handle(self, **options: Any) -> None:
        with acting():
            tenant = find_tenant(options["slug"])
            lowered = tenant.lowered_limits
            held = limits_of(tenant.slug, tenant.limits)
            own = {**tenant.limits, **{name: _typed(held, name, value) for name, value in options["changes"]}}
            own = {name: value for name, value in own.items() if value != DEFAULT}
            holds = service.set_limits(tenant.slug, own) if options["changes"] else limits_of(tenant.slug, own, lowered)
        if options["json"]:
            self.output.json(holds.model_dump())
        else:
            rows = [
                [name, _shown(value), _whose(name, own, lowered), _description(holds, name)]
                for name, value in holds.model_dump().items()
            ]
            self.output.table(("limit", "value", "", "meaning"), rows)


def _whose(name: str, own: dict[str, Any], lowered: dict[str, int]) -> str:
    return "lowered by its people" if name in lowered else "own" if name in own else ""


def _typed(held: TenantLimits, name: str, value: Any) -> Any:
    """A list need not be typed as JSON, whose brackets and quotes a shell would have to be kept from."""
    is_list = isinstance(getattr(held, name, None), list)
    return value.split(",") if is_list and isinstance(value, str) and value != DEFAULT else value


def _description(limits: TenantLimits, name: str) -> str:
    model = type(limits)
    field = model.model_fields.get(name) or model.model_computed_fields[name]
    return field.description or ""


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return ", ".join(value) if isinstance(value, list) else str(value)
