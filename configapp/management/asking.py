"""Values from people: of a secret from a prompt or a pipe, never from the command line, which others can read."""

import sys
from getpass import getpass

from django.core.management.base import CommandError

from configapp.keys import find_specs
from queueapp.management.base import acting


def value_for(key: str, given: str | None) -> str:
    """The value to set. Raises CommandError where it is missing, or is a secret on the command line."""
    with acting():
        spec = find_specs([key]).get(key)
    if spec is not None and spec.secret:
        if given is not None:
            raise CommandError(f"{key} is a secret: leave the value out, and type it when asked or send it by a pipe.")
        return getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if given is None:
        raise CommandError(f"Give a value: `config set {key} VALUE`.")
    return given
