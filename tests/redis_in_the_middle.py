"""What stands between a client and Redis, and says what it likes: a Redis of somebody else, or one gone mad."""

import os
import socket
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from queueapp.redis import connections

Distort = Callable[[bytes], bytes | None]

HUGE = b"9" * 4_000
NONSENSE: dict[str, bytes] = {
    "an integer": b":1\r\n",
    "a negative integer": b":-1\r\n",
    "an integer of 4,000 digits": b":" + HUGE + b"\r\n",
    "an integer of 8,000 digits": b":" + HUGE + HUGE + b"\r\n",
    "no integer": b":one\r\n",
    "nil": b"$-1\r\n",
    "a nil array": b"*-1\r\n",
    "an empty array": b"*0\r\n",
    "an empty line": b"\r\n",
    "OK": b"+OK\r\n",
    "a string": b"$5\r\nhello\r\n",
    "an empty string": b"$0\r\n\r\n",
    "a string that is no text": b"$4\r\n\xff\xfe\x00\x80\r\n",
    "an error": b"-ERR what\r\n",
    "an error without words": b"-\r\n",
    "moved to nowhere": b"-MOVED\r\n",
    "moved to a word": b"-MOVED x y\r\n",
    "ask nobody": b"-ASK \r\n",
    "no such script": b"-NOSCRIPT No matching script.\r\n",
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "full": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "a replica": b"-READONLY You can't write against a read only replica.\r\n",
    "cannot save": b"-MISCONF Redis is configured to save RDB snapshots, but it is unable to persist on disk.\r\n",
    "not logged in": b"-NOAUTH Authentication required.\r\n",
    "garbage": b"\x00\xde\xad\xbe\xef\r\n",
    "a web server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "a map of another protocol": b"%1\r\n+proto\r\n:2\r\n",
    "a map with an array as its key": b"%1\r\n*1\r\n:1\r\n:2\r\n",
    "a push of another protocol": b">3\r\n+message\r\n+x\r\n+y\r\n",
    "arrays in arrays": b"*1\r\n" * 5_000 + b":1\r\n",
    "two integers": b"*2\r\n:1\r\n:1\r\n",
    "two huge integers": b"*2\r\n:" + HUGE + b"\r\n:-" + HUGE + b"\r\n",
    "three integers": b"*3\r\n:1\r\n:1\r\n:1\r\n",
    "two errors": b"*2\r\n-ERR a\r\n-MOVED b\r\n",
    "two nils": b"*2\r\n$-1\r\n$-1\r\n",
    "two words": b"*2\r\n+nan\r\n+1e999\r\n",
    "a message of nobody": b"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$2\r\n\xff\xfe\r\n",
    "a message of integers": b"*3\r\n$7\r\nmessage\r\n:1\r\n:2\r\n",
    "two replies": b"+OK\r\n" * 2,
    "a negative length": b"$-7\r\nhello\r\n",
    "no length": b"$five\r\nhello\r\n",
    "an array of negative length": b"*-7\r\n",
    "a string shorter than it says": b"$50\r\nhello\r\n",
    "an array shorter than it says": b"*99999999999\r\n:1\r\n",
    "a string longer than it says": b"$2\r\nhello\r\n",
    "a string without an end": b"$99999999999\r\n" + b"x" * 5_000_000,
}


def honest(said: bytes) -> bytes:
    return said


def always(nonsense: bytes | None) -> Distort:
    """Says this, whatever Redis says; None hangs up."""
    return lambda said: nonsense


def maddened(random: Random) -> Distort:
    """Now and then what Redis says, else something of NONSENSE, or bytes of no meaning, or a part; or it hangs up."""
    fixed = list(NONSENSE.values())

    def distort(said: bytes) -> bytes | None:
        return random.choice(
            [said, said[: len(said) // 2], random.randbytes(20) + b"\r\n", None, *random.choices(fixed, k=6)]
        )

    return distort


class _Conversation(socketserver.BaseRequestHandler):
    server: "RedisInTheMiddle"

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as redis:
            redis.connect(self.server.real)
            self.server.conversations.append(self.request)
            threading.Thread(target=_pass_on, args=(self.request, redis), daemon=True).start()
            with suppress(OSError):
                while said := redis.recv(65_536):
                    answer = self.server.distort(said)
                    self.server.distorted += answer != said
                    if answer is None:
                        return
                    self.request.sendall(answer)


def _pass_on(client: socket.socket, redis: socket.socket) -> None:
    with suppress(OSError):
        while asked := client.recv(65_536):
            redis.sendall(asked)
        redis.shutdown(socket.SHUT_RDWR)


class RedisInTheMiddle(socketserver.ThreadingUnixStreamServer):
    """`distort` gets each piece of what the real Redis says, and gives what is said instead."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, path: Path, real: str) -> None:
        super().__init__(str(path), _Conversation)
        self.url = f"unix://{path}?db=0"
        self.real = real
        self.distort: Distort = honest
        self.distorted = 0  # answers, about
        self.conversations: list[socket.socket] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is no news."""


@contextmanager
def redis_in_the_middle() -> Iterator[RedisInTheMiddle]:
    """In front of the Redis that REDIS_URL leads to, and honest until told otherwise."""
    real = urlsplit(os.environ["REDIS_URL"]).path
    with (
        tempfile.TemporaryDirectory(prefix="taskrunner-redis-") as directory,
        RedisInTheMiddle(Path(directory) / "redis.sock", real) as middle,
    ):
        threading.Thread(target=middle.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield middle
        finally:
            middle.shutdown()
            for conversation in middle.conversations:
                with suppress(OSError):  # most have ended
                    conversation.shutdown(socket.SHUT_RDWR)
            if client := connections._clients.pop(middle.url, None):
                client.connection_pool.disconnect()
