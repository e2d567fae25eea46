"""The tenants, the administrator and the keys of a demonstration.

Running it again keeps the secrets that the environment still holds; the others are made again.
"""

import os
import secrets

from django.contrib.auth.models import User

from queueapp.apikeys import authenticate_key, create_key, revoke_key
from queueapp.management.arguments import DEMO
from queueapp.management.base import acting
from queueapp.models import ApiKey, Tenant
from queueapp.operators.service import create_tenant, record

TENANTS = {DEMO: "Demo", "other": "Other"}
ADMIN = "admin"
PASSWORD = "TASKRUNNER_ADMIN_PASSWORD"  # noqa: S105 (the name of the variable)
# variable → tenant, role, name
KEYS = {
    "TASKRUNNER_API_KEY": (DEMO, ApiKey.Role.ADMIN, "demo-admin"),
    "TASKRUNNER_CLIENT_KEY": (DEMO, ApiKey.Role.CLIENT, "demo-client"),
    "TASKRUNNER_OTHER_KEY": ("other", ApiKey.Role.CLIENT, "other-client"),
}


def seed() -> dict[str, str]:
    """Make what is missing. Returns the environment variables that a client needs.

    Its password and keys are those that the environment holds, where they still work.
    """
    kept = {variable: os.environ[variable] for variable, whose in KEYS.items() if _still_works(variable, *whose)}
    seed_tenants()
    with acting():
        user, _ = User.objects.get_or_create(username=ADMIN)
        user.is_staff = user.is_superuser = user.is_active = True
        password = os.environ.get(PASSWORD, "")
        if not user.check_password(password):
            password = readable_password()
            user.set_password(password)
            record("user.password", ADMIN)
        user.save()
        made = {variable: _new_key(*whose) for variable, whose in KEYS.items() if variable not in kept}
    return {"TASKRUNNER_ADMIN_USER": ADMIN, PASSWORD: password, **kept, **made}


def seed_tenants() -> None:
    with acting():
        known = set(Tenant.objects.filter(slug__in=TENANTS).values_list("slug", flat=True))
        for slug in TENANTS.keys() - known:
            create_tenant(slug, TENANTS[slug])


def _still_works(variable: str, slug: str, role: str, name: str) -> bool:
    key = authenticate_key(os.environ.get(variable, ""))
    return key is not None and (key.tenant_slug, key.role, key.name) == (slug, role, name)


def _new_key(slug: str, role: str, name: str) -> str:
    """A key in place of the earlier one of that name, which cannot be shown again."""
    tenant = Tenant.objects.get(slug=slug)
    for earlier in ApiKey.objects.filter(tenant=tenant, name=name, revoked_at=None):
        revoke_key(earlier.prefix)
    return create_key(tenant, name, role)[1]


def readable_password() -> str:
    """Five words that nobody knows and anybody can type; 63 bits."""
    return "-".join("".join(secrets.choice(letters) for letters in ("bdfghjkmnprstvwz", "aeiou") * 2) for _ in range(5))
