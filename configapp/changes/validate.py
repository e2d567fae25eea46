"""Validation of change requests: each becomes a valid change that can be accepted, or a violation that says why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from configapp.encryption import can_encrypt, decrypt
from configapp.errors import SecretUnreadable
from configapp.keyspec import KeySpec, Value
from configapp.models import ConfigVersion
from configapp.models.changes import Action
from configapp.queries import find_specs
from configapp.validation import Refused, check_key, check_value
from configapp.values import decode, encode, mask


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What a caller asks for: a value to set, a version to roll back to, or neither of them to unset the key.

    With `expected_version` (If-Match; 0: never set) the change is made only while the key is at that version.
    """

    key: str
    value: object = None
    action: Action = Action.SET
    to_version: int | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ValidChange:
    """A request that passed. `shown` may be stored in the open; `secret` is a new secret value, not encrypted yet."""

    key: str
    action: Action
    shown: str | None
    secret: Value | None
    secret_id: UUID | None
    expected_version: int | None


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a request cannot be accepted; `field` names the part of it that is invalid."""

    field: str
    code: str
    message: str


UNKNOWN_KEY = Violation("key", "unknown_key", "there is no such key; an operator may add it as a custom key")


def validate_all(requests: Sequence[ChangeRequest]) -> list[ValidChange | Violation]:
    """A valid change or a violation for each request, in their order. Needs an operator's scope."""
    specs = find_specs([request.key for request in requests])
    seen: set[str] = set()
    results: list[ValidChange | Violation] = []
    for request in requests:
        if request.key in seen and request.key in specs:
            results.append(Violation("key", "given_twice", "the key is given twice; give each key once"))
        else:
            results.append(_validate(request, specs))
        seen.add(request.key)
    return results


def _validate(request: ChangeRequest, specs: dict[str, KeySpec]) -> ValidChange | Violation:
    spec = specs.get(request.key)
    if spec is None:
        return _key_violation(request.key) or UNKNOWN_KEY
    if request.action == Action.UNSET:
        return ValidChange(request.key, request.action, None, None, None, request.expected_version)
    rolls_back = request.action == Action.ROLLBACK
    try:
        return _validate_version(request, spec) if rolls_back else _validate_value(request, spec)
    except (Refused, SecretUnreadable) as refusal:
        return Violation("version" if rolls_back else "value", refusal.code, str(refusal))


def _key_violation(key: str) -> Violation | None:
    try:
        check_key(key)
    except Refused as refusal:
        return Violation("key", refusal.code, refusal.reason)
    return None


def _validate_value(request: ChangeRequest, spec: KeySpec) -> ValidChange:
    value = check_value(spec, request.value)
    if not spec.secret:
        return ValidChange(request.key, request.action, encode(value), None, None, request.expected_version)
    if not can_encrypt():
        raise Refused("no_encryption_key", "secrets cannot be stored: set CONFIG_ENCRYPTION_KEYS")
    return ValidChange(request.key, request.action, encode(mask(value)), value, None, request.expected_version)


def _validate_version(request: ChangeRequest, spec: KeySpec) -> ValidChange:
    """The old value, checked again: the rules may be stricter now than when it was set."""
    versions = ConfigVersion.objects.select_related("secret").filter(config_key=request.key)
    version = versions.filter(version=request.to_version or 0).first()
    if version is None:
        last = versions.first()
        known = f"the last is {last.version}" if last else "the key was never set"
        raise Refused("unknown_version", f"there is no version {request.to_version}; {known}")
    if version.secret:
        check_value(spec, decrypt(version.secret.token, key=request.key))
    elif version.is_active:
        check_value(spec, decode(version.value))
    return ValidChange(request.key, request.action, version.value, None, version.secret_id, request.expected_version)
