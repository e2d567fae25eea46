"""The project itself as a Django app: the admin pages of users and groups."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TaskrunnerConfig(AppConfig):
    name = "taskrunner"

    def ready(self) -> None:
        autodiscover_modules("users_admin")
