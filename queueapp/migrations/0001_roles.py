"""The three group roles, before any table."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    # roles belong to the whole server, so going back leaves them
    operations = [run_sql_file("0001_roles.sql", reverse=migrations.RunSQL.noop)]
