"""The backend: `enqueue` submits a task in the caller's transaction, `get_result` reads what became of it."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core import checks
from pydantic import ValidationError

from queueapp.contrib.django_tasks.functions import register, type_of
from queueapp.contrib.django_tasks.interface import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    InvalidTask,
    TaskResultDoesNotExist,
    normalize_json,
    task_enqueued,
)
from queueapp.contrib.django_tasks.options import TaskWithOptions
from queueapp.errors import TaskNotFound, ValidationFailure
from queueapp.validation import field_errors

KNOWN_OPTIONS = {"TENANT"}


class Backend(BaseTaskBackend):
    """Tasks of `django.tasks` in the platform's queues. OPTIONS: TENANT, whose tasks they are unless one says so."""

    task_class = TaskWithOptions
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def validate_task(self, task: AnyTask) -> None:
        """Raises InvalidTask. What is valid is known to workers from now on: Django calls this for each `@task`."""
        super().validate_task(task)
        register(task, lambda running, arguments: _running().run(task, running, arguments))

    def enqueue(self, task: AnyTask, args: Iterable[Any], kwargs: dict[str, Any]) -> AnyResult:  # type: ignore[override]
        """Submit it: with the caller's transaction it is stored, or not at all. The result is READY.

        Raises InvalidTask for what the platform refuses, such as a queue that does not exist; TypeError for what JSON
        cannot carry; TenantNotFound; ScopeError where no tenant is named or bound.
        """
        self.validate_task(task)
        params = {"args": normalize_json(list(args)), "kwargs": normalize_json(kwargs)}
        if task.run_after is not None:
            params["run_after"] = task.run_after.isoformat()
        fields = {"type": type_of(task), "params": params, "queue": task.queue_name, "run_at": task.run_after}
        options = task.submit_options() if isinstance(task, TaskWithOptions) else {}
        tenant = getattr(task, "tenant", None) or self.tenant
        try:
            result: AnyResult = _results().submit(task, fields | options, self.alias, tenant)
        except ValidationError as error:
            raise InvalidTask("; ".join(f"{each.field}: {each.message}" for each in field_errors(error))) from error
        except ValidationFailure as error:
            raise InvalidTask(str(error)) from error
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> AnyResult:
        """Raises TaskResultDoesNotExist, also for another tenant's, and where the function is not here any more."""
        try:
            found: AnyResult = _results().read(UUID(str(result_id)), self.alias, self.tenant)
        except (ValueError, TaskNotFound) as error:
            raise TaskResultDoesNotExist(result_id) from error
        return found

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """That the platform is installed, and that OPTIONS holds nothing unknown."""
        problems: list[checks.CheckMessage] = []
        if not apps.is_installed("queueapp"):
            problems.append(
                checks.Error(
                    f"TASKS[{self.alias!r}] uses the backend of queueapp, which is not in INSTALLED_APPS.",
                    hint='Add "queueapp" to INSTALLED_APPS and migrate.',
                    id="taskrunner.E006",
                )
            )
        if unknown := set(self.options) - KNOWN_OPTIONS:
            problems.append(
                checks.Error(
                    f"TASKS[{self.alias!r}]['OPTIONS'] has unknown keys: {', '.join(sorted(map(str, unknown)))}.",
                    hint=f"Known are: {', '.join(sorted(KNOWN_OPTIONS))}.",
                    id="taskrunner.E007",
                )
            )
        return problems

    @property
    def tenant(self) -> str | UUID | None:
        """Whose results it reads; None: the bound tenant's."""
        tenant: str | UUID | None = self.options.get("TENANT")
        return tenant


# these need the models, and a module with tasks may be imported before they are ready


def _results() -> Any:
    return import_module("queueapp.contrib.django_tasks.results")


def _running() -> Any:
    return import_module("queueapp.contrib.django_tasks.running")
