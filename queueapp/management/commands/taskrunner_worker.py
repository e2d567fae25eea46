"""`qcluster` under a name of our own, for projects whose `qcluster` is django-q2's."""

from queueapp.management.commands.qcluster import Command

__all__ = ["Command"]
