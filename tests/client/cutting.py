"""A relay between a client and its server that cuts answers off: after no byte, so that one is lost, or after some."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Cutter(ThreadingTCPServer):
    """`cuts`: how many bytes pass of the next answer, of the one after, …; of one that is None or not listed, all."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.upstream = ("127.0.0.1", port)
        self.cuts: list[int | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Passing(BaseRequestHandler):
    server: Cutter

    def handle(self) -> None:
        self._asked = False  # something since the last answer began
        with socket.create_connection(self.server.upstream) as upstream:
            asking = threading.Thread(target=self._ask, args=(upstream,))
            asking.start()
            self._answer(upstream)
            for side in (upstream, self.request):
                _shut(side)
            asking.join()

    def _ask(self, upstream: socket.socket) -> None:
        try:
            while piece := self.request.recv(65_536):
                self._asked = True
                upstream.sendall(piece)
            upstream.shutdown(socket.SHUT_WR)
        except OSError:
            return  # cut, or gone

    def _answer(self, upstream: socket.socket) -> None:
        """Until the server has no more to say, or an answer is cut: then it has done what it was asked to."""
        left = None
        while piece := upstream.recv(65_536):
            if self._asked:
                self._asked = False
                left = self.server.cuts.pop(0) if self.server.cuts else None
            self.request.sendall(piece[:left])
            if left is not None and (left := left - len(piece)) <= 0:
                return


def _shut(side: socket.socket) -> None:
    try:
        side.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was gone already


@contextmanager
def cutter(port: int) -> Iterator[Cutter]:
    with Cutter(port) as running:
        serving = threading.Thread(target=running.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield running
        finally:
            running.shutdown()
            serving.join()
