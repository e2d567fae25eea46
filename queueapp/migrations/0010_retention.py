"""The log of tasks that are gone may be deleted, by one function."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("queueapp", "0009_tenant_limits"),
    ]

    operations = [
        run_sql_file("0010_retention.sql", reverse="0010_retention_undo.sql"),
    ]
