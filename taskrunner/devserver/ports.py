"""TCP ports for servers that are started later than their port is chosen."""

import random
import socket

from taskrunner.devserver.embedded import StartError

# Below 32768, where Linux begins with the ports that it gives to outgoing connections: those come and go at any time.
FIRST, LAST = 20_000, 32_000


def usable_port(port: int) -> int:
    """`port` if a server can listen there, any free one for 0. Raises StartError."""
    if port == 0:
        return free_ports(1)[0]
    try:
        _probe("127.0.0.1", port)
    except OSError as error:
        raise StartError(
            f"port {port} cannot be used ({error.strerror}): choose another, or 0 for any free one (--port)"
        ) from None
    return port


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at any address, all different. Raises StartError."""
    found: list[int] = []
    for port in random.sample(range(FIRST, LAST), LAST - FIRST):
        if len(found) == count:
            return found
        try:
            _probe("", port)
        except OSError:
            continue
        found.append(port)
    raise StartError(f"fewer than {count} ports between {FIRST} and {LAST} are free")


def _probe(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
