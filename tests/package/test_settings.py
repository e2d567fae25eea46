"""Faults of the settings are told all at once, with their fix."""


def test_every_fault_of_the_setting(make_host, single_cell):
    host = make_host(single_cell, ISOLATION="sigle", WORKER_PROCESES=2, WORKER_MAX_TASKS=0)
    said = host.refusal_of("check")
    for key in ("ISOLATION", "WORKER_PROCESES", "WORKER_MAX_TASKS"):
        assert f"TASKRUNNER['{key}']" in said
    assert "there is no such key" in said


def test_missing_apps(make_host, single_cell):
    host = make_host(single_cell)
    host.add_settings("INSTALLED_APPS.remove('rest_framework'); INSTALLED_APPS.remove('django.contrib.postgres')")
    said = host.refusal_of("check")
    assert "rest_framework is not installed" in said and "django.contrib.postgres is not installed" in said


def test_queueapp_needs_no_extra(make_host, cell):
    """But for the store on S3, and rewriting the source of Celery tasks."""
    host = make_host(cell)
    program = """
from importlib import import_module
from pkgutil import walk_packages
import queueapp
optional = (
    "queueapp.artifacts.s3_store",
    "queueapp.contrib.celery.importer.rewriting",
    "queueapp.contrib.django_tasks",
    "queueapp.testing.plugin",
)
for module in walk_packages(queueapp.__path__, "queueapp."):
    if not module.name.startswith(optional):
        import_module(module.name)
print("imported")
"""
    assert host.shell(program) == "imported"
