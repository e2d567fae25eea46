"""PostgreSQL and Redis for one directory: start, stop, and the environment that leads to them."""

import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from taskrunner.devserver.embedded.account import server_account
from taskrunner.devserver.embedded.logins import make_logins
from taskrunner.devserver.embedded.postgres import PostgresServer
from taskrunner.devserver.embedded.private import DirectoryLock
from taskrunner.devserver.embedded.redis import RedisServer
from taskrunner.devserver.embedded.sockets import make_private, socket_directory


class EmbeddedServers:
    """Data and passwords live in `directory` and serve the next start; one live starter at a time.

    The servers die with the thread that started them.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.sockets = socket_directory(self.directory)
        self.account = server_account()
        self.postgres = PostgresServer(self.directory, self.sockets, self.account)
        self.redis = RedisServer(self.directory, self.sockets, self.account)
        self._lock = DirectoryLock(self.directory)

    def start(self) -> None:
        self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        # The account of the servers has to pass; every file inside guards itself.
        self.directory.chmod(stat.S_IMODE(self.directory.stat().st_mode) | stat.S_IXOTH)
        self._lock.acquire()
        try:
            make_private(self.sockets, self.account)
            self.postgres.start()
            make_logins(self.postgres)
            self.redis.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.redis.stop()
        self.postgres.stop()
        self._lock.release()

    def environment(self) -> dict[str, str]:
        """What a process of ours needs to find the servers."""
        return {
            "DATABASE_URL": self.postgres.url("app"),
            "OWNER_DATABASE_URL": self.postgres.url("owner"),
            "REDIS_URL": self.redis.url,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
