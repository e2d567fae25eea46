"""Isolation: composite foreign keys, grants, policies, and the views that respect them."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("queueapp", "0003_transitions")]
    operations = [
        run_sql_file("0004_row_level_security.sql", reverse="0004_row_level_security_undo.sql"),
        run_sql_file("0004_views.sql", reverse="0004_views_undo.sql"),
    ]
