"""Servers that speak HTTP as a test scripts it, byte by byte, and a canary that must never be called."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[["Exchange"], None]


class Exchange:
    """One request as it came, and the connection to answer on."""

    def __init__(self, connection: socket.socket, head: bytes) -> None:
        self.connection = connection
        self.path = head.split(b" ")[1].decode()
        lines = head.decode("latin-1").split("\r\n")[1:]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    def send(self, data: bytes) -> None:
        """Raises OSError once the client has gone: what ends an endless script."""
        self.connection.sendall(data)

    def answer(self, body: bytes = b"", *, status: str = "200 OK", length: int | None = None, **headers: str) -> None:
        """A whole answer; headers by their names with `_` for `-`."""
        fields = {"Content-Length": str(len(body) if length is None else length)}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body)


class Server:
    """Answers each connection in a thread of its own with the script of its path, and keeps what it was asked."""

    def __init__(self, host: str, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=64)  # closed if it fails
        self.host, self.port, self._context = host, self._listener.getsockname()[1], context
        self.scripts: dict[str, Script] = {}
        self.asked: list[Exchange] = []
        self.connections = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._context else ''}://{self.host}:{self.port}"

    def page(self, path: str, body: bytes | str, content_type: str = "text/html; charset=utf-8", **headers: str) -> str:
        """Serve a page; returns its URL."""
        data = body.encode() if isinstance(body, str) else body
        return self.script(path, lambda exchange: exchange.answer(data, Content_Type=content_type, **headers))

    def redirect(self, path: str, location: str, status: str = "302 Found") -> str:
        return self.script(path, lambda exchange: exchange.answer(status=status, Location=location))

    def script(self, path: str, script: Script) -> str:
        self.scripts[path] = script
        return f"{self.url}{path}"

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):  # the client gave up, which is often what a test is about
            connection.settimeout(30)
            with self._context.wrap_socket(connection, server_side=True) if self._context else connection as talk:
                exchange = Exchange(talk, _head(talk))
                self.asked.append(exchange)
                self.scripts.get(exchange.path, lambda each: each.answer(status="404 Not Found"))(exchange)
        connection.close()


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError("closed before the request was whole")
        head += piece
    return head


@contextmanager
def serving(host: str, port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(host, port, context)
    try:
        yield server
    finally:
        server.close()
