"""Cheaper ids for the rows that a statement's moves add to the log."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("queueapp", "0011_arrival"),
    ]

    operations = [
        run_sql_file("0012_log_ids.sql", reverse="0012_log_ids_undo.sql"),
    ]
