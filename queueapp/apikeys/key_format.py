"""The format of API keys: `tr_<prefix>_<secret>_<checksum>`."""

import hashlib
import re
import secrets
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 8, 43, 6  # 43 characters of 62 hold 256 bits
LETTER = "[0-9A-Za-z]"
KEY = re.compile(rf"tr_({LETTER}{{{PREFIX_LENGTH}}})_{LETTER}{{{SECRET_LENGTH}}}_({LETTER}{{{CHECKSUM_LENGTH}}})")


def new_key() -> str:
    """A key: `tr_`, a prefix to find it by, 256 secret bits, and a checksum that tells typing errors from guesses."""
    body = f"tr_{_random(PREFIX_LENGTH)}_{_random(SECRET_LENGTH)}"
    return f"{body}_{_checksum(body)}"


def prefix_of(key: str) -> str | None:
    """The prefix of a well-formed key; None for anything else."""
    found = KEY.fullmatch(key)
    if found is None or found[2] != _checksum(key[: -CHECKSUM_LENGTH - 1]):
        return None
    return found[1]


def digest_of(key: str) -> str:
    # A fast hash is right for 256 random bits; a slow one would only give attackers a lever.
    return hashlib.sha256(key.encode()).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return letters
