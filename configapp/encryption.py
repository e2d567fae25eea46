"""Secrets at rest: Fernet tokens under the keys of CONFIG_ENCRYPTION_KEYS. The first encrypts, all decrypt."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from configapp.errors import SecretUnreadable
from configapp.keyspec import Value
from configapp.settings import settings
from configapp.values import decode, encode


def can_encrypt() -> bool:
    """Whether this process has a key at all."""
    return bool(settings.encryption_keys)


def encrypt(value: Value) -> str:
    """The token of a secret value."""
    return MultiFernet(_ciphers()).encrypt(encode(value).encode()).decode()


def decrypt(token: str, *, key: str) -> Value | None:
    """The secret value of a token. Raises SecretUnreadable, naming the configuration key."""
    if not can_encrypt():
        raise SecretUnreadable(key)
    try:
        return decode(MultiFernet(_ciphers()).decrypt(token).decode())
    except InvalidToken:
        raise SecretUnreadable(key) from None


def rotate(token: str, *, key: str) -> str:
    """A token of the same value under the first key. Raises SecretUnreadable."""
    if not can_encrypt():
        raise SecretUnreadable(key)
    try:
        return MultiFernet(_ciphers()).rotate(token).decode()
    except InvalidToken:
        raise SecretUnreadable(key) from None


def is_current(token: str) -> bool:
    """Whether the first key encrypted it, so that the others are not needed for it."""
    if not can_encrypt():
        return False
    try:
        _ciphers()[0].decrypt(token)
    except InvalidToken:
        return False
    return True


def _ciphers() -> list[Fernet]:
    return [Fernet(key.get_secret_value()) for key in settings.encryption_keys]
