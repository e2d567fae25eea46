"""Cheaper ids for the log of many new tasks, and a transaction's id before it draws a place in the order of arrival."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("queueapp", "0010_retention"),
    ]

    operations = [
        run_sql_file("0011_submitting.sql", reverse="0011_submitting_undo.sql"),
    ]
