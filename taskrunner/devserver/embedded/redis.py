"""A Redis server without persistence on a Unix socket: it notifies, and PostgreSQL keeps the tasks."""

import socket

from taskrunner.devserver.embedded.binaries import redis_server
from taskrunner.devserver.embedded.process import Server


class RedisServer(Server):
    program = "valkey-server"
    stop_seconds = 5.0

    @property
    def socket(self) -> str:
        return str(self.sockets / "redis.sock")

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def prepare(self) -> None:
        self.account.reach(redis_server())
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.account.own(self.home)

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": str(self.home),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [str(redis_server()), *words]

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(self.socket)
                client.sendall(b"PING\r\n")
                return client.recv(7) == b"+PONG\r\n"
            except OSError:
                return False
