"""Databases and logins for projects, made by the superuser of servers that the tests have to themselves."""

import secrets
from contextlib import closing
from typing import Any

from psycopg2 import sql

from taskrunner.devserver.embedded import EmbeddedServers


class Databases:
    def __init__(self, servers: EmbeddedServers) -> None:
        self._servers = servers
        self.redis_url = servers.redis.url

    def create(self, name: str, rights: str) -> dict[str, Any]:
        """A database, and a login with these rights that owns it; as Django's DATABASES wants it."""
        password = secrets.token_urlsafe(20)
        self._execute(
            sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                sql.Identifier(name), sql.SQL(rights), sql.Literal(password)
            ),
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(name)),
        )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": name,
            "PASSWORD": password,
            "HOST": str(self._servers.sockets),
            "PORT": 5432,
        }

    def as_superuser(self, script: str, database: str) -> None:
        """Run SQL as whoever has the right."""
        with closing(self._servers.postgres.connect_as_superuser(database)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(script)

    def _execute(self, *statements: sql.Composable) -> None:
        with closing(self._servers.postgres.connect_as_superuser("postgres")) as connection:
            connection.autocommit = True  # CREATE DATABASE is refused inside a transaction
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
