"""Short ways to declare keys, so that a declaration reads as one line of a table."""

from collections.abc import Sequence

from configapp.keyspec import KeySpec, Kind

HOST = r"[A-Za-z0-9]([A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?"  # a name or an address
MODEL = r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}"  # as in nomic-embed-text:latest
PATH = r"[^\"'`$&;|<>*?]+"  # letters of any script, and nothing that a shell reads otherwise
DAY = 86_400
MAX_TOKENS = 1_000_000
MAX_CHARACTERS = 10_000_000


def text(key: str, default: str | None, pattern: str, description: str) -> KeySpec:
    """A string of at least one character that the pattern matches whole."""
    return KeySpec(key, Kind.STRING, description, default, minimum=1, pattern=pattern)


def secret(key: str, description: str, at_least: int = 1) -> KeySpec:
    """A secret string; it has no default."""
    return KeySpec(key, Kind.STRING, description, minimum=at_least, secret=True)


def integer(key: str, default: int, low: int, high: int, description: str) -> KeySpec:
    return KeySpec(key, Kind.INTEGER, description, default, low, high)


def number(key: str, default: float, low: float, high: float, description: str) -> KeySpec:
    return KeySpec(key, Kind.NUMBER, description, default, low, high)


def boolean(key: str, default: bool, description: str) -> KeySpec:
    return KeySpec(key, Kind.BOOLEAN, description, default)


def url(key: str, default: str, description: str) -> KeySpec:
    return KeySpec(key, Kind.URL, description, default)


def choice(key: str, default: str | None, choices: Sequence[str], description: str) -> KeySpec:
    return KeySpec(key, Kind.CHOICE, description, default, choices=tuple(choices))


def circuit_breaker(of: str, failures: int, recovery_seconds: int, timeout_seconds: int) -> tuple[KeySpec, ...]:
    """The three keys of one service's circuit breaker, with their defaults."""
    group = f"{of}.circuit_breaker"
    return (
        integer(f"{group}.failure_threshold", failures, 1, 100, "failures in a row after which calls stop"),
        integer(
            f"{group}.recovery_timeout", recovery_seconds, 1, DAY, "seconds until a stopped service is tried again"
        ),
        integer(f"{group}.timeout_seconds", timeout_seconds, 1, 3600, "seconds after which one call counts as failed"),
    )
