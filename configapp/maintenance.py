"""What operators do to the configuration as a whole: re-encrypt its secrets, and check what is stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from configapp.encryption import decrypt, is_current, rotate
from configapp.errors import SecretUnreadable
from configapp.keyspec import KeySpec
from configapp.models import ConfigChange, ConfigSecret, SystemConfig
from configapp.queries import all_specs
from configapp.validation import Refused, check_value
from configapp.values import decode
from queueapp.models import Task
from queueapp.models.base import Now
from queueapp.operators.service import record
from queueapp.states import FINAL


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a key, and what to do about it."""

    key: str
    problem: str


def rotate_secrets() -> int:
    """Encrypt every stored secret, old versions' included, with the first key; returns how many. All or none.

    Needs an operator's scope. Raises SecretUnreadable where one was encrypted with a key that is missing.
    """
    rows = list(ConfigSecret.objects.select_for_update().order_by("id"))
    old = [row for row in rows if not is_current(row.token)]
    for row in old:
        row.token, row.encrypted_at = rotate(row.token, key=f"secret {row.id}"), Now()
    ConfigSecret.objects.bulk_update(old, ["token", "encrypted_at"], batch_size=500)
    record("config.rotate", "secrets", rotated=len(old))
    return len(old)


def findings() -> list[Finding]:
    """What is wrong with what is stored: in the order of keys. Needs an operator's scope."""
    specs = all_specs()
    rows = SystemConfig.objects.filter(is_active=True).select_related("secret").order_by("config_key")
    found = [finding for row in rows for finding in _of_value(row, specs.get(row.config_key))]
    return found + list(_stuck_changes())


def _of_value(row: SystemConfig, spec: KeySpec | None) -> Iterator[Finding]:
    if spec is None:
        yield Finding(row.config_key, "is set, and no longer a known key: nothing reads it")
        return
    try:
        token = row.secret.token if row.secret else None
        check_value(spec, decode(row.config_value) if token is None else decrypt(token, key=row.config_key))
    except Refused as refusal:
        yield Finding(row.config_key, f"holds a value that would be refused now: {refusal.reason}")
    except SecretUnreadable as error:
        yield Finding(row.config_key, str(error))
    if spec.secret and row.secret is None:
        yield Finding(row.config_key, "is a secret, and was stored in the open before it became one: set it again")


def _stuck_changes() -> Iterator[Finding]:
    """Accepted changes whose task has ended without them: the next change of any key would apply them."""
    waiting = {change.task_id: change for change in ConfigChange.objects.filter(status=ConfigChange.Status.ACCEPTED)}
    ended = Task.objects.filter(id__in=waiting, status__in=FINAL).order_by("id")
    for task in ended:
        yield Finding(
            waiting[task.id].config_key, f"has a change that waits, and its task {task.id} is {task.status}: retry it"
        )
