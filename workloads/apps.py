"""The task families of the platform's first users."""

import logging

from django.apps import AppConfig

import workloads.search.settings  # noqa: F401  (registers its section, before any setting is read)
from workloads.fetch.settings import settings as fetch_settings

logger = logging.getLogger(__name__)


class WorkloadsConfig(AppConfig):
    name = "workloads"
    grants_its_own_tables = True  # to clients and workers, in its migrations

    def ready(self) -> None:
        if networks := [str(network) for network in fetch_settings.allowed_networks]:
            event = {"event": "fetch_networks_allowed", "networks": networks}
            logger.warning("fetch tasks may call addresses that are not public: %s", ", ".join(networks), extra=event)
