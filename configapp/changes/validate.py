"""Checking what is asked for: from a wish to a draft that can be accepted, or to the reason why not."""

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
class Wanted:
    """What somebody asks for: a value to set, or a version to go back to, or neither to unset the key.

    With `expected_version` (If-Match; 0: never set) the change is made only while the key is at that version.
    """

    key: str
    value: object = None
    action: Action = Action.SET
    to_version: int | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked change. `shown` is what may be stored in the open; `secret` is to be encrypted, if it is not yet."""

    key: str
    action: Action
    shown: str | None
    secret: Value | None
    secret_id: UUID | None
    expected_version: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an item cannot be accepted; `field` is the part of it that is wrong."""

    field: str
    code: str
    message: str


UNKNOWN_KEY = Fault("key", "unknown_key", "there is no such key; an operator may declare it")


def draft_all(wanted: Sequence[Wanted]) -> list[Draft | Fault]:
    """A draft or a fault for each item, in their order. Needs an operator's scope."""
    specs = find_specs([item.key for item in wanted])
    taken: set[str] = set()
    drafted: list[Draft | Fault] = []
    for item in wanted:
        if item.key in taken and item.key in specs:
            drafted.append(Fault("key", "given_twice", "the key is given twice; give each key once"))
        else:
            drafted.append(_draft(item, specs))
        taken.add(item.key)
    return drafted


def _draft(item: Wanted, specs: dict[str, KeySpec]) -> Draft | Fault:
    spec = specs.get(item.key)
    if spec is None:
        return _fault_of_key(item.key) or UNKNOWN_KEY
    if item.action == Action.UNSET:
        return Draft(item.key, item.action, None, None, None, item.expected_version)
    rolls_back = item.action == Action.ROLLBACK
    try:
        return _draft_of_version(item, spec) if rolls_back else _draft_of_value(item, spec)
    except (Refused, SecretUnreadable) as refusal:
        return Fault("version" if rolls_back else "value", refusal.code, str(refusal))


def _fault_of_key(key: str) -> Fault | None:
    try:
        check_key(key)
    except Refused as refusal:
        return Fault("key", refusal.code, refusal.reason)
    return None


def _draft_of_value(item: Wanted, spec: KeySpec) -> Draft:
    value = check_value(spec, item.value)
    if not spec.secret:
        return Draft(item.key, item.action, encode(value), None, None, item.expected_version)
    if not can_encrypt():
        raise Refused("no_encryption_key", "secrets cannot be stored: set CONFIG_ENCRYPTION_KEYS")
    return Draft(item.key, item.action, encode(mask(value)), value, None, item.expected_version)


def _draft_of_version(item: Wanted, spec: KeySpec) -> Draft:
    """The old value, checked again: the rules may be stricter now than when it was set."""
    versions = ConfigVersion.objects.select_related("secret").filter(config_key=item.key)
    version = versions.filter(version=item.to_version or 0).first()
    if version is None:
        last = versions.first()
        known = f"the last is {last.version}" if last else "the key was never set"
        raise Refused("unknown_version", f"there is no version {item.to_version}; {known}")
    if version.secret:
        check_value(spec, decrypt(version.secret.token, key=item.key))
    elif version.is_active:
        check_value(spec, decode(version.value))
    return Draft(item.key, item.action, version.value, None, version.secret_id, item.expected_version)
