"""Claimers read how far the order of arrival is."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("queueapp", "0010_retention"),
    ]

    operations = [
        run_sql_file("0011_arrival.sql", reverse="0011_arrival_undo.sql"),
    ]
