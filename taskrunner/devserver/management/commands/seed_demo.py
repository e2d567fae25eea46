"""Make what a demonstration needs, and say how to sign in."""

from typing import Any

from queueapp.management.base import PlatformCommand
from taskrunner.devserver.seed import seed


class Command(PlatformCommand):
    help = "Create the tenants demo and other, their keys and an administrator; what the environment holds stays."

    def handle(self, **options: Any) -> None:
        variables = seed()
        if options["json"]:
            self.output.json(variables)
        else:
            for name, value in variables.items():
                self.output.line(f"{name}={value}")
