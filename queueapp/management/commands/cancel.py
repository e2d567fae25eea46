"""Cancel tasks: waiting ones at once, running ones by asking their worker to stop."""

from queueapp import tasks
from queueapp.management.verb_command import VerbCommand


class Command(VerbCommand):
    help = "Cancel tasks by id."
    verb = "cancel"
    run = staticmethod(tasks.cancel_many)
