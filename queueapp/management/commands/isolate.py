"""Move a database to row-level security: `isolate rls`; or print the SQL of its roles: `isolate --print-sql`."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from queueapp import clock
from queueapp.db.installation import installed_isolation
from queueapp.db.roles import missing_role_statements, session_login
from queueapp.management.base import PlatformCommand
from queueapp.models import Worker
from queueapp.tasks.queries import WORKER_DEAD_AFTER_SECONDS
from queueapp.tenancy.isolate import isolate
from queueapp.tenancy.logins import OWNER_ALIAS


class Command(PlatformCommand):
    help = "Move a database from one tenant (single) to row-level security (rls). Run it again where it was cut off."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("level", nargs="?", choices=["rls"])
        parser.add_argument(
            "--print-sql", action="store_true", help="the SQL of the roles, for a login that may run it"
        )

    def handle(self, **options: Any) -> None:
        alias = OWNER_ALIAS if OWNER_ALIAS in connections.settings else DEFAULT_DB_ALIAS
        if options["print_sql"]:
            logins = [session_login(connections[alias]), session_login(connections[DEFAULT_DB_ALIAS])]
            for statement in missing_role_statements(connections[alias], logins):
                self.output.line(statement)
        elif options["level"]:
            self._isolate(alias)
        else:
            raise CommandError("Say `isolate rls`, or `isolate --print-sql` for the SQL of the roles.")

    def _isolate(self, alias: str) -> None:
        if installed_isolation(connections[alias]) == "rls":
            self.output.line("The database is in rls already.")
            return
        alive_since = clock.now() - timedelta(seconds=WORKER_DEAD_AFTER_SECONDS)
        if alive := Worker.objects.using(alias).filter(stopped_at=None, heartbeat_at__gt=alive_since).count():
            raise CommandError(f"{alive} workers are alive: stop the clusters first, and the web processes.")
        for done in isolate(alias):
            self.output.line(done)
        self.output.line('The database is in rls. Set TASKRUNNER["ISOLATION"] = "rls" before you start anything.')
