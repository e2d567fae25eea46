"""Queue failed, dead or cancelled tasks again."""

from queueapp import tasks
from queueapp.management.verb_command import VerbCommand
from queueapp.tasks.bulk import Verb


class Command(VerbCommand):
    help = "Queue failed, dead or cancelled tasks again, by id or by filters."
    verb = Verb.RETRY
    run = staticmethod(tasks.retry_many)
