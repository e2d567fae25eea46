"""Calling the API of a real web server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from tests.rest.calling import API
from tests.waiting import PATIENCE_SECONDS
from tests.web import running_server


class LiveAnswer:
    def __init__(self, response: HTTPResponse) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self.content = response.read()

    def __getitem__(self, header: str) -> str:
        return self.headers[header]

    def json(self) -> Any:
        return json.loads(self.content)


class LiveServer:
    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, key: str, method: str, path: str, body: Any = None, **headers: str) -> LiveAnswer:
        """A request of JSON on a connection of its own; headers by their names with `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        return self.raw(key, method, API + path, content, {"Content-Type": "application/json", **given})

    def raw(self, key: str, method: str, path: str, body: Any, headers: dict[str, str]) -> LiveAnswer:
        """As send, with a body of bytes, or of pieces that are sent as chunks."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {key}", **headers}, encode_chunked=True)
            return LiveAnswer(connection.getresponse())
        finally:
            connection.close()


@contextmanager
def live_server(**environment: str) -> Iterator[LiveServer]:
    """A server that is ready to answer, and stopped at the end."""
    with running_server(**environment) as address:
        yield LiveServer(int(address.rpartition(":")[2]))
