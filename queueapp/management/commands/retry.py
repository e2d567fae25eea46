"""Queue failed, dead or cancelled tasks again."""

from queueapp import lifecycle
from queueapp.management.verbs import VerbCommand


class Command(VerbCommand):
    help = "Queue failed, dead or cancelled tasks again, by id."
    verb = "retry"
    run = staticmethod(lifecycle.retry_many)
