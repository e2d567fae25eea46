"""Sending requests byte for byte, over kept connections, from several threads."""

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from threading import get_ident

from tests.inputs.requests import Sent
from tests.waiting import PATIENCE_SECONDS

THREADS = 6


class Sender:
    """A server, and the keys to send: `/worker/` takes a worker's."""

    def __init__(self, address: str, admin: str, worker: str) -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._address = (host, int(port))
        self._keys = {True: worker, False: admin}
        self._pool = ThreadPoolExecutor(THREADS)
        self._kept: dict[int, socket.socket] = {}  # by thread

    def send_all(self, requests: Sequence[Sent]) -> list[int]:
        """The status of each."""
        return list(self._pool.map(self._send, requests))

    def close(self) -> None:
        self._pool.shutdown()
        for connection in self._kept.values():
            connection.close()

    def _send(self, request: Sent) -> int:
        connection = self._kept.pop(get_ident(), None)
        if connection is not None and not request.breaks_lines:
            try:
                return self._exchange(connection, request)
            except (OSError, HTTPException):
                pass  # the server had closed it
        if connection is not None:
            connection.close()
        return self._exchange(socket.create_connection(self._address, timeout=PATIENCE_SECONDS), request)

    def _exchange(self, connection: socket.socket, request: Sent) -> int:
        closing = True
        try:
            with suppress(ConnectionError):  # refused before all of it was sent: the answer is there
                connection.sendall(self._bytes(request))
            response = HTTPResponse(connection, method=request.method)
            response.begin()
            response.read()
            closing = response.will_close or request.breaks_lines
            return response.status
        finally:
            if closing:
                connection.close()
            else:
                self._kept[get_ident()] = connection

    def _bytes(self, request: Sent) -> bytes:
        headers = {
            "Host": b"127.0.0.1",
            "Authorization": f"Bearer {self._keys['/worker/' in request.operation]}".encode(),
            **({"Content-Type": b"application/json"} if request.body is not None else {}),
            **request.headers,
            **({"Content-Length": str(len(request.body)).encode()} if request.body is not None else {}),
        }
        lines = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers.items())
        return f"{request.method} {request.target} HTTP/1.1\r\n".encode() + lines + b"\r\n" + (request.body or b"")
