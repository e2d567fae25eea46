"""What a tenant's limits may hold is checked by the database too."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("queueapp", "0008_runs"),
    ]

    operations = [
        run_sql_file("0009_tenant_limits.sql", reverse="0009_tenant_limits_undo.sql"),
    ]
