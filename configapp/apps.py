"""Starts the configuration inside Django."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from configapp.settings import settings  # registers its section, before any setting is read


class ConfigappConfig(AppConfig):
    name = "configapp"
    verbose_name = "Configuration"
    grants_its_own_tables = True  # to operators, and to the handlers of tenant `system`

    def ready(self) -> None:
        reader = import_module("configapp.reader")
        reader.use(import_module("configapp.queries").load_snapshot)  # needs the models, so not before now
        autodiscover_modules("config_keys")
        settings.overrides  # noqa: B018  (a process with invalid overrides does not start)
