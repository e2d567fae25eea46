"""`make up` on data of an older layout says so, and names what helps."""

from contextlib import closing

import psycopg2
import pytest

from taskrunner.devserver.embedded import StartError
from taskrunner.devserver.layout import refuse_old_layout
from tests.database.test_migrations import scratch  # noqa: F401 (a fixture)


def test_an_old_table_is_noticed(scratch):  # noqa: F811
    refuse_old_layout(scratch["OWNER_DATABASE_URL"])
    with closing(psycopg2.connect(scratch["OWNER_DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute("CREATE TABLE tasks ()")
        database.commit()
    with pytest.raises(StartError, match="make reset"):
        refuse_old_layout(scratch["OWNER_DATABASE_URL"])
