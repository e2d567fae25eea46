"""A relay between a worker and its server, which holds back the answer that gives out a task."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer

SECONDS = 20


class Relay(ThreadingTCPServer):
    """Passes on bytes and closed halves. `holds`: a lease is held back; `let_go` sends it on its way."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.upstream = ("127.0.0.1", port)
        self.holds, self.let_go = threading.Event(), threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Passing(BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.upstream) as upstream:
            asking = threading.Thread(target=self._pass_on, args=(self.request, upstream))
            asking.start()
            self._pass_on(upstream, self.request)
            asking.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(65_536):
                if b'"lease_token":' in piece and source is not self.request:
                    self.server.holds.set()
                    self.server.let_go.wait(SECONDS)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one side has gone, and takes the other with it


@contextmanager
def relay(port: int) -> Iterator[Relay]:
    with Relay(port) as running:
        serving = threading.Thread(target=running.serve_forever)
        serving.start()
        try:
            yield running
        finally:
            running.let_go.set()
            running.shutdown()
            serving.join()
