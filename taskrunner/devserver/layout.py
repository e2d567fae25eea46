"""Whether a database was made by a version whose tables had other names, from which no migration leads here."""

from contextlib import closing

import psycopg2

from taskrunner.devserver.embedded import StartError

OLD_LAYOUT = "SELECT to_regclass('tasks') IS NOT NULL AND to_regclass('taskrunner_installation') IS NULL"


def refuse_old_layout(owner_url: str) -> None:
    """Raises StartError for such a database."""
    with closing(psycopg2.connect(owner_url)) as database, database.cursor() as cursor:
        cursor.execute(OLD_LAYOUT)
        (is_old,) = cursor.fetchone() or (False,)
    if is_old:
        raise StartError("The data are of an older layout of the tables. `make reset` deletes them; then start again.")
