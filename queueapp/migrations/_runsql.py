"""Turns a file of an app's migrations/sql/ into a migration operation."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def run_sql_file(name: str, *, reverse: str, directory: Path = SQL) -> migrations.RunSQL:
    """Run a file forwards; `reverse` is the name of the file that undoes it, or RunSQL.noop."""
    backwards = reverse if reverse == migrations.RunSQL.noop else (directory / reverse).read_text()
    # one string, so that Django sends the file whole instead of splitting it with sqlparse
    return migrations.RunSQL([(directory / name).read_text()], [backwards] if backwards else backwards)
