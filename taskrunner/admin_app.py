"""Django's admin with the site of our project. A module of its own, since Django takes an app's only AppConfig."""

from django.contrib.admin.apps import AdminConfig


class AdminApp(AdminConfig):
    default_site = "taskrunner.admin_site.TaskrunnerSite"
