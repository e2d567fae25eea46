"""Validated system configuration, changed through the queue."""

from django.apps import AppConfig


class ConfigappConfig(AppConfig):
    name = "configapp"
