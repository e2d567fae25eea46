"""Taskrunner's database and its two logins, in a server of which we are superuser."""

from contextlib import closing
from pathlib import Path

from taskrunner.devserver.embedded.postgres import DATABASE, PostgresServer

LOGINS_SQL = Path(__file__).with_name("logins.sql")  # deploy/postgres/logins.sql, which the package brings along


def make_logins(postgres: PostgresServer) -> None:
    """Create what is missing and set both passwords; harmless to repeat."""
    with closing(postgres.connect_as_superuser("postgres")) as connection, connection.cursor() as cursor:
        connection.autocommit = True  # CREATE DATABASE is refused inside a transaction
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.rowcount == 0:
            cursor.execute(f"CREATE DATABASE {DATABASE}")
    with closing(postgres.connect_as_superuser(DATABASE)) as connection, connection.cursor() as cursor:
        for login in ("owner", "app"):
            password = postgres.passwords[login]
            cursor.execute("SELECT set_config(%s, %s, false)", [f"taskrunner.{login}_password", password])
        cursor.execute(LOGINS_SQL.read_text())
        connection.commit()
