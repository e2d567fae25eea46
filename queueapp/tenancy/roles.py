"""The three roles that a scope may act as, and their names in the database."""

from enum import StrEnum

from queueapp.db.installation import role_name


class Role(StrEnum):
    """In `rls` each is a group role of PostgreSQL; in `single` it is known to Python alone."""

    CLIENT = "client"
    WORKER = "worker"
    OPERATOR = "operator"

    @property
    def in_database(self) -> str:
        return role_name(self)
