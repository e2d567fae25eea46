"""Real PostgreSQL and Redis on Unix sockets, as child processes, for `up`, `demo` and the tests."""

from taskrunner.devserver.embedded.account import StartError
from taskrunner.devserver.embedded.servers import EmbeddedServers

__all__ = ["EmbeddedServers", "StartError"]
