"""Name resolution, and connections to checked addresses; no operation outlasts the request's deadline."""

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from functools import cache
from ipaddress import ip_address
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from workloads.safe_http.addresses import Address
from workloads.safe_http.errors import Unreachable, Unresolved
from workloads.safe_http.urls import Url

CONNECT_SECONDS = 5.0
NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA)


def resolve(host: str, seconds: float) -> list[Address]:
    """The addresses of a host, in the order to try. Raises Unresolved where there are none, Unreachable
    where none came in time.
    """
    outcome: list[list[Address] | OSError] = []
    # a daemon, so that a resolver which never answers delays nobody, not even the end of the process
    thread = threading.Thread(target=_look_up, args=(host, outcome), name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise Unreachable(f"the name {host} was not resolved within {seconds:.0f} s")
    (addresses,) = outcome
    if isinstance(addresses, OSError):
        if addresses.errno in NO_SUCH_NAME:
            raise Unresolved(host, str(addresses.strerror))
        raise Unreachable(f"the name {host} was not resolved: {addresses.strerror}")
    return addresses


def _look_up(host: str, outcome: list[list[Address] | OSError]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        outcome.append(error)
    else:
        outcome.append(list(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in found)))


class Deadline:
    """The moment at which a whole request must be over."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then. Raises TimeoutError afterwards."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the request is over")
        return left


class _PlainSocket(socket.socket):
    """A socket's own time-out starts again with every byte, so a server could drip for ever."""

    deadline: Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().recv_into(*args, **kwargs)


class _TlsSocket(ssl.SSLSocket):
    """The same under TLS."""

    deadline: Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().recv_into(*args, **kwargs)


class PlainConnection(HTTPConnection):
    """HTTP to one of the checked addresses; the name is not resolved again."""

    def __init__(self, url: Url, addresses: Sequence[Address], deadline: Deadline) -> None:
        super().__init__(url.host, url.port, timeout=deadline.left())
        self.addresses, self.deadline = addresses, deadline

    def _new_conn(self) -> socket.socket:
        return _dial(self.host, self.addresses, self.port, self.deadline)


class TlsConnection(HTTPSConnection):
    """The same with TLS; the certificate must be the name's."""

    def __init__(self, url: Url, addresses: Sequence[Address], deadline: Deadline) -> None:
        super().__init__(url.host, url.port, timeout=deadline.left(), ssl_context=tls_context())
        self.addresses, self.deadline = addresses, deadline

    def _new_conn(self) -> socket.socket:
        return _dial(self.host, self.addresses, self.port, self.deadline)

    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _TlsSocket):
            self.sock.deadline = self.deadline


@cache
def tls_context() -> ssl.SSLContext:
    """Trusts what the system trusts, or SSL_CERT_FILE."""
    context = create_urllib3_context()
    context.load_default_certs()
    context.sslsocket_class = _TlsSocket
    return context


def _dial(host: str, addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address that accepts. Raises Unreachable if none does, which does not tell the addresses."""
    errors: dict[Address, str] = {}
    for address in addresses:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        connected = _PlainSocket(family, socket.SOCK_STREAM)
        connected.deadline = deadline
        try:
            connected.settimeout(min(CONNECT_SECONDS, deadline.left()))
            connected.connect((str(address), port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.settimeout(deadline.left())  # for the handshake
            return connected
        except OSError as error:
            connected.close()
            errors[address] = error.strerror or str(error)
    reasons = "; ".join(dict.fromkeys(errors.values()))
    by_address = OSError("; ".join(f"{address}: {error}" for address, error in errors.items()))
    raise Unreachable(f"no connection to port {port} of {host}: {reasons}") from by_address
