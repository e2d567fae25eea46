"""The development server as a Django app, so that its commands are found."""

from django.apps import AppConfig


class DevserverConfig(AppConfig):
    name = "taskrunner.devserver"
