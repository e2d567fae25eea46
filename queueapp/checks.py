"""Django's system checks of the platform. Those of the database run with `check --database default` and migrate."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.urls import get_resolver

from queueapp import conf
from queueapp.db.installation import installed_isolation
from queueapp.handlers import registered_handlers
from queueapp.schedules.declared import faults_of_declarations
from queueapp.tenancy import logins
from queueapp.tenancy.logins import OLDEST_SERVERS, OWNER_ALIAS, OWNER_HINT
from queueapp.worker.processes import django_q_settings

NEEDED_APPS = ("django_q", "rest_framework", "django.contrib.postgres")
OWNER_RUNS = (
    "The login that runs the platform owns its tables. So SQL in its name may change what keeps tenants apart: "
    "RESET ROLE leads back to the owner, who may switch row-level security off."
)


@register("taskrunner")
def check_setting(**_: Any) -> list[CheckMessage]:
    """Everything that is wrong with TASKRUNNER."""
    hint = f"Correct {conf.SETTING} in the settings; docs/install.md lists its keys."
    return [Error(fault, hint=hint, id="taskrunner.E001") for fault in conf.faults()]


@register("taskrunner")
def check_apps(**_: Any) -> list[CheckMessage]:
    """The apps that the platform stands on."""
    return [
        Error(
            f"{name} is not installed, and queueapp needs it.",
            hint=f'Add "{name}" to INSTALLED_APPS, after "queueapp".',
            id="taskrunner.E002",
        )
        for name in NEEDED_APPS
        if not apps.is_installed(name)
    ]


@register("taskrunner")
def check_django_q(**_: Any) -> list[CheckMessage]:
    """A Q_CLUSTER that nobody reads, where django-q2 is ours; none, where it is the project's."""
    written = getattr(settings, "Q_CLUSTER", None)
    if django_q_settings.is_ours():
        if written == django_q_settings.Q_CLUSTER:
            return []
        hint = "Remove Q_CLUSTER; or list queueapp after django_q to keep django-q2, and run our workers as "
        return [
            checks.Warning("Q_CLUSTER is not used.", hint=hint + "`manage.py taskrunner_worker`.", id="taskrunner.W001")
        ]
    if written is None and apps.is_installed("django_q"):
        words = "queueapp stands after django_q, so qcluster is django-q2's, and there is no Q_CLUSTER for it."
        hint = "List queueapp before django_q, and qcluster runs our workers; or run them as "
        return [checks.Warning(words, hint=hint + "`manage.py taskrunner_worker`.", id="taskrunner.W004")]
    return []


@register("taskrunner")
def check_schedules(**_: Any) -> list[CheckMessage]:
    """A schedule that code declares and that no slot could fire."""
    if conf.faults():
        return []
    hint = "Correct the option `schedule` of its handler; docs/schedules.md says what it takes."
    return [Error(fault, hint=hint, id="taskrunner.E008") for fault in faults_of_declarations()]


@register("taskrunner")
def check_late_types(**_: Any) -> list[CheckMessage]:
    """Types that workers do not know, since nothing imports their modules at the start; those of views, say."""
    if getattr(settings, "ROOT_URLCONF", None):
        get_resolver().url_patterns  # noqa: B018 (imports the views)
    return [
        checks.Warning(
            f"The module of task type {handler.type} is not imported at the start, so its tasks wait for ever.",
            hint="Move it to the module tasks or handlers of an installed app, or import it there.",
            id="taskrunner.W005",
        )
        for handler in registered_handlers()
        if handler.late
    ]


@register(Tags.database)
def check_server(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A server that is too old for the isolation level."""
    return [
        Error(
            f"PostgreSQL {version} is too old for ISOLATION {conf.settings.isolation!r}, which needs {oldest}.",
            hint=f"Run PostgreSQL {oldest} or newer.",
            id="taskrunner.E003",
        )
        for alias in _platform_databases(databases)
        if (version := logins.server_version(connections[alias])) < (oldest := OLDEST_SERVERS[conf.settings.isolation])
    ]


@register(Tags.database)
def check_isolation(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The isolation level of a database that is in use is changed by a command, not by the setting alone."""
    return [
        Error(
            f"The tables were made for ISOLATION {made_for!r}, and the setting says {conf.settings.isolation!r}.",
            hint=f"Set {conf.SETTING}['ISOLATION'] to {made_for!r}; manage.py isolate leads from 'single' to 'rls'.",
            id="taskrunner.E004",
        )
        for alias in _platform_databases(databases)
        if (made_for := installed_isolation(connections[alias])) not in (None, conf.settings.isolation)
    ]


@register("taskrunner", deploy=True)
def check_login(**_: Any) -> list[CheckMessage]:
    """In `rls`: a login that row-level security does not bind, or that could switch it off."""
    database = connections[DEFAULT_DB_ALIAS]
    if conf.faults() or conf.settings.isolation == "single" or database.vendor != "postgresql":
        return []
    try:
        if message := logins.refusal(database):
            return [Error(message, id="taskrunner.E005")]
        if logins.owns_tables(database):
            return [checks.Warning(OWNER_RUNS, hint=OWNER_HINT, id="taskrunner.W002")]
    except OperationalError as error:
        return [checks.Warning(f"The login could not be examined: {str(error).strip()}", id="taskrunner.W003")]
    return []


def _platform_databases(databases: Sequence[str] | None) -> list[str]:
    """Of the databases to check, those that Taskrunner uses: the default one, and the one that migrates it."""
    if conf.faults():
        return []  # reported above, and it is not known what to look for
    wanted = (DEFAULT_DB_ALIAS, OWNER_ALIAS)
    return [alias for alias in databases or () if alias in wanted and connections[alias].vendor == "postgresql"]
