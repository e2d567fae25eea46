"""`make demo`: a Taskrunner in a temporary directory, what `manage.py demo` shows of it, and nothing left."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from taskrunner.devserver.console import BEGAN, say
from taskrunner.devserver.embedded import StartError
from taskrunner.devserver.embedded.process import dying_with_us, end
from taskrunner.devserver.services import PROJECT, manage
from taskrunner.devserver.stack import SERVER_VARIABLES, Stack


def main() -> int:
    began = time.monotonic()
    # Servers of its own in any case: the demo fills them with tasks and kills workers.
    for name in SERVER_VARIABLES:
        os.environ.pop(name, None)
    os.environ["FETCH_ALLOWED_NETWORKS"] = "127.0.0.1/32"  # the page that is fetched is the demo's own
    try:
        with tempfile.TemporaryDirectory(prefix="taskrunner-demo-") as directory:
            code = run(Path(directory), began)
    except KeyboardInterrupt:
        return 130
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say(f"Everything is stopped and removed again. {time.monotonic() - began:.1f} s in all.")
    return code


def run(directory: Path, began: float) -> int:
    with Stack(directory, port=0) as stack:
        say("Starting PostgreSQL, Redis, a web server and a cluster of workers:")
        stack.start()
        # its lines are the story; what is logged of it stands between them only where something is wrong
        environment = {**os.environ, **stack.environment(), "LOG_LEVEL": "WARNING", BEGAN: str(began)}
        scenes = subprocess.Popen(dying_with_us(manage("demo")), cwd=PROJECT, env=environment, start_new_session=True)
        try:
            stack.supervise(lambda: scenes.poll() is not None)
        finally:
            end(scenes, signal.SIGTERM, seconds=5)
        return scenes.returncode


if __name__ == "__main__":
    sys.exit(main())
