"""Queue failed, dead or cancelled tasks again."""

from queueapp import tasks
from queueapp.management.verb_command import VerbCommand


class Command(VerbCommand):
    help = "Queue failed, dead or cancelled tasks again, by id."
    verb = "retry"
    run = staticmethod(tasks.retry_many)
