"""Cancel tasks: waiting ones at once, running ones by asking their worker to stop."""

from queueapp import tasks
from queueapp.management.verb_command import VerbCommand
from queueapp.tasks.bulk import Verb


class Command(VerbCommand):
    help = "Cancel tasks, by id or by filters."
    verb = Verb.CANCEL
    run = staticmethod(tasks.cancel_many)
