"""Secrets at rest: Fernet tokens under the keys of CONFIG_ENCRYPTION_KEYS. The first encrypts, all decrypt."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from configapp.errors import SecretUnreadable
from configapp.keyspec import Value
from configapp.values import decode, encode


def can_encrypt() -> bool:
    """Whether this process has a key at all."""
    return bool(settings.CONFIG_ENCRYPTION_KEYS)


def encrypt(value: Value) -> str:
    """The token of a secret value."""
    return _keys().encrypt(encode(value).encode()).decode()


def decrypt(token: str, *, key: str) -> Value | None:
    """The secret value of a token. Raises SecretUnreadable, naming the configuration key."""
    if not can_encrypt():
        raise SecretUnreadable(key)
    try:
        return decode(_keys().decrypt(token).decode())
    except InvalidToken:
        raise SecretUnreadable(key) from None


def rotate(token: str, *, key: str) -> str:
    """A token of the same value under the first key. Raises SecretUnreadable."""
    if not can_encrypt():
        raise SecretUnreadable(key)
    try:
        return _keys().rotate(token).decode()
    except InvalidToken:
        raise SecretUnreadable(key) from None


def is_current(token: str) -> bool:
    """Whether the first key encrypted it, so that the others are not needed for it."""
    if not can_encrypt():
        return False
    try:
        Fernet(settings.CONFIG_ENCRYPTION_KEYS[0]).decrypt(token)
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CONFIG_ENCRYPTION_KEYS])
