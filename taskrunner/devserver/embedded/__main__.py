"""PostgreSQL and Redis for developing any project: `python -m taskrunner.devserver.embedded [DIRECTORY]`."""

import shlex
import signal
import sys
from pathlib import Path

from taskrunner.devserver.embedded import EmbeddedServers, StartError

DEFAULT_DIRECTORY = ".taskrunner"


def main() -> None:
    """Serve until Ctrl-C or SIGTERM, after one `export` line for each address."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_DIRECTORY)
    try:
        with EmbeddedServers(directory) as servers:
            for name, value in servers.environment().items():
                print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201
            signal.pause()
    except StartError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
