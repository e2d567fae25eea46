"""People in front of the console: of the platform, and of tenants."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from queueapp.models import Membership, Tenant
from queueapp.tenancy import operator_scope


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root(clean_database):
    """A client of the superuser `root`."""
    return signed_in(User.objects.create_superuser("root"))


@pytest.fixture
def watcher(clean_database):
    """A client of a member of staff who may look at everything and change nothing."""
    user = User.objects.create_user("watcher", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return signed_in(user)


@pytest.fixture
def member(clean_database):
    """Make a client of somebody who belongs to a tenant: member(acme, "viewer", sees_payloads=True)."""

    def make(tenant: Tenant, role: str = "viewer", *, sees_payloads: bool = False) -> Client:
        user = User.objects.create_user(f"{role}-of-{tenant.slug}")
        with operator_scope("operator:test"):
            Membership.objects.create(tenant=tenant, user=user, role=role, sees_payloads=sees_payloads)
        return signed_in(user)

    return make
