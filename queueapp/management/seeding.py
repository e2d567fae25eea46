"""The tenants and the administrator of a demonstration. Running it again changes the password and nothing else."""

import secrets

from django.contrib.auth.models import User

from queueapp.management.arguments import DEMO
from queueapp.management.base import acting
from queueapp.models import Tenant
from queueapp.operations import create_tenant, record

TENANTS = {DEMO: "Demo", "other": "Other"}
ADMIN = "admin"


def seed() -> dict[str, str]:
    """Make what is missing. Returns the environment variables that a client needs."""
    password = readable_password()
    with acting():
        known = set(Tenant.objects.filter(slug__in=TENANTS).values_list("slug", flat=True))
        for slug in TENANTS.keys() - known:
            create_tenant(slug, TENANTS[slug])
        user, _ = User.objects.get_or_create(username=ADMIN)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        record("user.password", ADMIN)
    return {"TASKRUNNER_ADMIN_USER": ADMIN, "TASKRUNNER_ADMIN_PASSWORD": password}


def readable_password() -> str:
    """Five words that nobody knows and anybody can type; 63 bits."""
    return "-".join("".join(secrets.choice(letters) for letters in ("bdfghjkmnprstvwz", "aeiou") * 2) for _ in range(5))
