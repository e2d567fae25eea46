"""Real PostgreSQL and Redis on Unix sockets, as child processes, for `up`, `demo` and the tests."""

from taskrunner.embedded.errors import StartError
from taskrunner.embedded.servers import EmbeddedServers

__all__ = ["EmbeddedServers", "StartError"]
