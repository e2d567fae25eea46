"""The composition root as a Django app, so that its commands and checks are found."""

from django.apps import AppConfig


class TaskrunnerConfig(AppConfig):
    name = "taskrunner"
