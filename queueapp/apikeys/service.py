"""Creation and revocation of keys, in an operator's scope or a tenant's administrator's; each leaves its record."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from queueapp.apikeys.key_format import digest_of, new_key, prefix_of
from queueapp.errors import FieldError, InvalidValue
from queueapp.json_values import storable_json
from queueapp.models import ApiKey, Tenant
from queueapp.models.base import Now
from queueapp.operators.acts import record_act
from queueapp.operators.service import QUEUE_NAME, require_administrator, require_operator
from queueapp.type_patterns import type_pattern
from queueapp.validation import RequestModel, Text, field_errors

LIVE_KEYS_OF_A_NAME = 2

TypePattern = Annotated[str, AfterValidator(type_pattern)]
QueueName = Annotated[str, StringConstraints(pattern=f"^{QUEUE_NAME.pattern}$")]


class KeyCapabilities(BaseModel):
    """Type patterns, queues (all where none are named), and free properties, which requirements are held against."""

    model_config = ConfigDict(extra="allow")

    categories: list[TypePattern] = ["*"]
    queues: list[QueueName] | None = None

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable_json(value)

    @property
    def properties(self) -> dict[str, Any]:
        return self.model_extra or {}


class KeyRequest(RequestModel):
    """What is checked of a key before it is created."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=100)]
    capabilities: KeyCapabilities


def create_key(
    tenant: Tenant,
    name: str,
    role: str,
    *,
    scopes: list[str] | None = None,
    capabilities: dict[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return its record and the key itself, which is not kept.

    Needs an operator's scope, or that of an administrator of the tenant, where an admin's key is refused: it reaches
    all tenants. Raises InvalidValue for a name or capabilities that cannot be used, and where two live keys bear the
    name already.
    """
    require_operator() if role == ApiKey.Role.ADMIN else require_administrator(tenant.id)
    _check(tenant, name, capabilities or {})
    key = new_key()
    row = ApiKey.objects.create(
        tenant=tenant,
        name=name,
        role=role,
        prefix=prefix_of(key) or "",
        digest=digest_of(key),
        scopes=scopes or [],
        capabilities=capabilities or {},
        expires_at=expires_at,
    )
    record_act(tenant.id, "apikey.create", row.prefix, tenant=tenant.slug, name=name, role=role)
    return row, key


def revoke_key(prefix: str) -> ApiKey:
    """Stop a key for good; one that is revoked already stays so.

    Raises InvalidValue for a prefix that is unknown, or of a key which the scope may not revoke: an administrator of a
    tenant revokes its clients' and its workers' keys.
    """
    key = ApiKey.objects.defer("digest").filter(prefix=prefix)
    row = key.first()
    if row is not None:
        require_administrator(row.tenant_id)
    if row is None or not key.update(revoked_at=Coalesce("revoked_at", Now())):
        raise InvalidValue([FieldError("prefix", "unknown_key", f"there is no key with prefix {prefix!r}")])
    record_act(row.tenant_id, "apikey.revoke", prefix, name=row.name)
    return key.get()


def live_keys(tenant: Tenant, name: str) -> QuerySet[ApiKey]:
    """The keys of a name that can be used now."""
    not_expired = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
    return ApiKey.objects.filter(not_expired, tenant=tenant, name=name, revoked_at=None)


def _check(tenant: Tenant, name: str, capabilities: dict[str, Any]) -> None:
    try:
        KeyRequest.model_validate({"name": name, "capabilities": capabilities})
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None
    Tenant.objects.select_for_update().get(id=tenant.id)  # two at once must not make a third
    if live_keys(tenant, name).count() >= LIVE_KEYS_OF_A_NAME:
        message = (
            f"has {LIVE_KEYS_OF_A_NAME} live keys in tenant {tenant.slug} already: revoke one first (revokeapikey)"
        )
        raise InvalidValue([FieldError("name", "too_many_keys", message)])
