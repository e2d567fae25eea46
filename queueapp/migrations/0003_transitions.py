"""The state machine in the database, and what hangs on a task's moves: the log, the counters, the ready order."""

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file


class Migration(migrations.Migration):
    dependencies = [("queueapp", "0002_tables")]
    operations = [run_sql_file("0003_transitions.sql", reverse="0003_transitions_undo.sql")]
