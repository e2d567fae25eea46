"""Starts the configuration inside Django."""

from importlib import import_module

from django.apps import AppConfig

from configapp import settings as config_settings

__all__ = ["config_settings"]  # imported here, so that its section is known before any setting is read


class ConfigappConfig(AppConfig):
    name = "configapp"
    verbose_name = "Configuration"
    grants_its_own_tables = True  # to operators, and to the handlers of tenant `system`

    def ready(self) -> None:
        reading = import_module("configapp.reader")
        reading.use(import_module("configapp.queries").load_snapshot)  # needs the models, so not before now
