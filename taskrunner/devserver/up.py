"""`make up`: a whole Taskrunner for development in ./.taskrunner, until Ctrl-C."""

import argparse
import json
import re
import sys
import time
from pathlib import Path

from taskrunner.devserver.console import say, timed
from taskrunner.devserver.embedded import StartError
from taskrunner.devserver.embedded.private import write_private
from taskrunner.devserver.stack import Stack

SECRET_LINE = re.compile("export (TASKRUNNER_(?:ADMIN_PASSWORD|[A-Z]+_KEY))='([^']+)'")
INVITATION = """
  Console     {TASKRUNNER_URL}/
  Admin       {TASKRUNNER_URL}/admin/
  API docs    {TASKRUNNER_URL}/api/v1/docs
  Login       {TASKRUNNER_ADMIN_USER} / {TASKRUNNER_ADMIN_PASSWORD}

Try, in another terminal:
  source .taskrunner/env
  .venv/bin/python manage.py submit echo msg=hello --wait
  .venv/bin/python manage.py tasks
  make smoke

Ctrl-C stops everything; the data stay.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m taskrunner.devserver.up", description=__doc__)
    parser.add_argument("--port", type=port_number, default=8000, help="of the web server; 0 takes any free one")
    options = parser.parse_args()
    try:
        with Stack(Path(".taskrunner"), options.port) as stack:
            start(stack)
            stack.supervise(lambda: False)
    except KeyboardInterrupt:
        say("Stopped.")
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def port_number(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def start(stack: Stack) -> None:
    began = time.monotonic()
    say(f"Taskrunner, for DEVELOPMENT ONLY: on 127.0.0.1, with its data in {stack.directory}")
    stack.start()
    file = stack.directory / "env"
    seeded = timed("demo tenants", lambda: json.loads(stack.run("seed_demo", "--json", **earlier_secrets(file))))
    environment = {**stack.environment(), **seeded}
    write_private(file, "".join(export(*item) for item in environment.items()))
    say(f"Ready in {time.monotonic() - began:.1f} s.")
    say(INVITATION.format(**environment))


def export(name: str, value: str) -> str:
    quoted = value.replace("'", "'\\''")
    return f"export {name}='{quoted}'\n"


def earlier_secrets(file: Path) -> dict[str, str]:
    """The administrator's password and the keys as an earlier start wrote them; empty where none did."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {found[1]: found[2] for line in lines if (found := SECRET_LINE.fullmatch(line))}


if __name__ == "__main__":
    sys.exit(main())
