"""The task families of the platform's first users."""

from django.apps import AppConfig


class WorkloadsConfig(AppConfig):
    name = "workloads"
