"""Names to addresses, within a deadline that the system's resolver does not know."""

import socket
import threading
from ipaddress import ip_address

from workloads.http.addresses import Address
from workloads.http.errors import Unreachable


def resolve(host: str, seconds: float) -> list[Address]:
    """The addresses of a host, in the order to try. Raises Unreachable where there are none, or none in time."""
    answers: list[list[Address] | OSError] = []
    # a daemon, so that a resolver which never answers holds up nobody, not even the end of the process
    thread = threading.Thread(target=_look_up, args=(host, answers), name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not answers:
        raise Unreachable(f"the name {host} was not resolved within {seconds:.0f} s")
    answer = answers[0]
    if isinstance(answer, OSError):
        raise Unreachable(f"the name {host} was not resolved: {answer.strerror}")
    return answer


def _look_up(host: str, answers: list[list[Address] | OSError]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        answers.append(error)
    else:
        answers.append(list(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in found)))
