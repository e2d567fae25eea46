"""Who belongs to a tenant, changed by its administrators or by operators; each act leaves its record.

A tenant that has an administrator keeps one: who could add another?
"""

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from queueapp.errors import FieldError, InvalidValue
from queueapp.models import Membership, Tenant
from queueapp.operators.acts import record_act
from queueapp.operators.service import require_administrator

ADMINISTRATOR = Membership.Role.ADMINISTRATOR


def add_member(tenant: Tenant, username: str, role: Membership.Role, *, sees_payloads: bool) -> Membership:
    """Raises InvalidValue for a name that no user has, and for who is a member already."""
    require_administrator(tenant.id)
    users = get_user_model()._default_manager
    user = users.filter(**{get_user_model().USERNAME_FIELD: username}, is_active=True).first()
    if user is None:
        raise InvalidValue([FieldError("username", "unknown_user", "there is no active user of this name")])
    try:
        with transaction.atomic():
            member = Membership.objects.create(tenant=tenant, user=user, role=role, sees_payloads=sees_payloads)
    except IntegrityError:
        raise InvalidValue([FieldError("username", "member_already", "is a member already")]) from None
    record_act(tenant.id, "member.add", username, role=role, sees_payloads=sees_payloads)
    return member


def change_member(tenant: Tenant, member: Membership, role: Membership.Role, *, sees_payloads: bool) -> None:
    """Raises InvalidValue where the tenant would lose its last administrator."""
    require_administrator(tenant.id)
    if role != ADMINISTRATOR:
        _keep_an_administrator(tenant, member, "role")
    Membership.objects.filter(id=member.id, tenant=tenant).update(role=role, sees_payloads=sees_payloads)
    name = member.user.get_username()
    record_act(tenant.id, "member.change", name, role=role, sees_payloads=sees_payloads)


def remove_member(tenant: Tenant, member: Membership) -> None:
    """Raises InvalidValue where the tenant would lose its last administrator."""
    require_administrator(tenant.id)
    _keep_an_administrator(tenant, member, "member")
    Membership.objects.filter(id=member.id, tenant=tenant).delete()
    record_act(tenant.id, "member.remove", member.user.get_username())


def _keep_an_administrator(tenant: Tenant, leaving: Membership, field: str) -> None:
    Tenant.objects.select_for_update().get(id=tenant.id)  # two that go at once must not both see the other stay
    administrators = Membership.objects.filter(tenant=tenant, role=ADMINISTRATOR, user__is_active=True)
    if set(administrators.values_list("id", flat=True)) == {leaving.id}:
        message = "is the last administrator of this tenant: make somebody else one first"
        raise InvalidValue([FieldError(field, "last_administrator", message)])
