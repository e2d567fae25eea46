"""Read and change the configuration: `config get KEY`, `config set KEY VALUE`, `config check`, …"""

import sys
import time
from argparse import SUPPRESS
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from configapp import changes, maintenance, queries
from configapp.management.tables import PRINTERS
from configapp.models import ConfigChange
from configapp.serializers import ChangeDocument, SettingDocument, VersionDocument
from queueapp.management.arguments import whole_number
from queueapp.management.base import PlatformCommand, acting, cli_actor

ACTIONS = {
    "get": "show the value of a key and where it comes from",
    "set": "set a key, or with --unset go back to its default",
    "list": "show all keys with their values",
    "history": "show the last 200 versions of a key, the newest first",
    "rollback": "make a new version of an old one",
    "export": "show what the database holds, as one JSON object; secrets masked",
    "check": "find invalid values, unreadable secrets and stuck changes; exit code 1 if there are any",
    "rotate": "encrypt all secrets with the first of CONFIG_ENCRYPTION_KEYS",
}
ACTIONS_OF_A_KEY = ("get", "set", "history", "rollback")
HISTORY_ROWS = 200
POLL_INTERVAL_SECONDS = 0.02
MAX_WAIT_SECONDS = 30.0

version_number = whole_number(0, 2**31 - 1)


class Command(PlatformCommand):
    help = "Read and change the configuration."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        actions = parser.add_subparsers(dest="action", metavar=" | ".join(ACTIONS), required=True)
        for action, text in ACTIONS.items():
            sub = actions.add_parser(action, help=text, description=text)
            if action in ACTIONS_OF_A_KEY:
                sub.add_argument("key", help="e.g. app.api_port")
            if action == "set":
                sub.add_argument("value", nargs="?", help="left out for a secret: it is asked for, or read from a pipe")
                sub.add_argument("--unset", action="store_true")
            if action == "rollback":
                sub.add_argument("version", type=version_number)
            if action in ("set", "rollback"):
                sub.add_argument("--if-version", type=version_number, help="only at this version; 0: never set")
                sub.add_argument("--no-wait", action="store_true", help="return when accepted, and not when applied")
            # without a default, which would undo a --json before the action
            sub.add_argument("--json", action="store_true", default=SUPPRESS)

    def handle(self, **options: Any) -> None:
        action = options["action"]
        document = getattr(self, f"_{action}")(options)
        if options["json"] or action == "export":
            self.output.json(document)
        else:
            PRINTERS[action](self.output, document)
        if action == "check" and document:
            raise CommandError(f"Found {len(document)}.")

    def _get(self, options: dict[str, Any]) -> dict[str, Any]:
        with acting():
            return SettingDocument.of_setting(queries.find_setting(options["key"])).model_dump()

    def _list(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        with acting():
            return [SettingDocument.of_setting(setting).model_dump() for setting in queries.all_settings()]

    def _set(self, options: dict[str, Any]) -> dict[str, Any]:
        key, condition = options["key"], {"actor": cli_actor(), "expected_version": options["if_version"]}
        if options["unset"] and options["value"] is not None:
            raise CommandError("Give a value or --unset, not both.")
        if options["unset"]:
            return _outcome(changes.unset(key, **condition), options)
        return _outcome(changes.submit_change(key, _value_for(key, options["value"]), **condition), options)

    def _rollback(self, options: dict[str, Any]) -> dict[str, Any]:
        condition = {"actor": cli_actor(), "expected_version": options["if_version"]}
        return _outcome(changes.roll_back(options["key"], options["version"], **condition), options)

    def _history(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        with acting():
            versions = queries.history(options["key"])[:HISTORY_ROWS]
            return [VersionDocument.of_version(row).model_dump() for row in versions]

    def _export(self, options: dict[str, Any]) -> dict[str, Any]:
        with acting():
            found = queries.all_settings()
        return {each.spec.key: each.shown for each in found if each.source == queries.Source.DATABASE}

    def _check(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        with acting():
            return [{"key": finding.key, "problem": finding.problem} for finding in maintenance.findings()]

    def _rotate(self, options: dict[str, Any]) -> dict[str, Any]:
        with acting():
            return {"rotated": maintenance.rotate_secrets()}


def _value_for(key: str, given: str | None) -> str:
    """The value to set. Raises CommandError where it is missing, or is a secret on the command line."""
    with acting():
        spec = queries.find_specs([key]).get(key)
    if spec is not None and spec.secret:
        if given is not None:
            raise CommandError(f"{key} is a secret: leave the value out, and type it when asked or send it by a pipe.")
        return getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if given is None:
        raise CommandError(f"Give a value: `config set {key} VALUE`.")
    return given


def _outcome(change: ConfigChange, options: dict[str, Any]) -> dict[str, Any]:
    """The change after it was applied. Raises CommandError where it was accepted and then not applied."""
    if options["no_wait"]:
        return ChangeDocument.of_change(change).model_dump()
    change = _wait_for(change)
    if change.status != ConfigChange.Status.APPLIED:
        raise CommandError(f"{change.config_key}: the change was accepted and ended as {change.status}.")
    return ChangeDocument.of_change(change).model_dump()


def _wait_for(change: ConfigChange) -> ConfigChange:
    """The change as it ended. Raises CommandError where that takes too long, and on Ctrl-C."""
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    try:
        while time.monotonic() < deadline:
            with acting():
                change.refresh_from_db()
            if change.status != ConfigChange.Status.ACCEPTED:
                return change
            time.sleep(POLL_INTERVAL_SECONDS)  # outside the scope: no transaction is open while waiting
    except KeyboardInterrupt:
        raise CommandError(f"Stopped waiting; the change is accepted and goes on: task {change.task_id}.") from None
    raise CommandError(
        f"Accepted, and not applied within {MAX_WAIT_SECONDS:g} s: task {change.task_id} waits for a worker of "
        "queue config. It will be applied; `manage.py doctor` says what is missing."
    )
