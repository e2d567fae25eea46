"""What the database holds itself: order and gaplessness of versions, who may see what, and what is append-only."""

from pathlib import Path

from django.db import migrations

from queueapp.migrations._runsql import run_sql_file

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("configapp", "0001_initial")]
    operations = [
        run_sql_file("0002_rules.sql", reverse="0002_rules_undo.sql", directory=SQL),
        run_sql_file("0002_row_level_security.sql", reverse="0002_row_level_security_undo.sql", directory=SQL),
    ]
