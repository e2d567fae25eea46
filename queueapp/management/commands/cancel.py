"""Cancel tasks: waiting ones at once, running ones by asking their worker to stop."""

from queueapp import lifecycle
from queueapp.management.verbs import VerbCommand


class Command(VerbCommand):
    help = "Cancel tasks by id."
    verb = "cancel"
    run = staticmethod(lifecycle.cancel_many)
