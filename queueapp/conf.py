"""The one setting of the platform: TASKRUNNER = {…} in Django's settings. Every key has a default.

Read it as `conf.settings.worker_processes`. An app adds a section of its own with `register_section`, and reads it
from what that returns.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

SETTING = "TASKRUNNER"
MAX_RELEASE_CHARACTERS = 100

# Role names and Redis keys begin with it; PostgreSQL cuts names at 63 bytes
Prefix = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,30}$")]


class Section(BaseModel):
    """Base of the keys of one section; in the setting they are written in upper case."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=str.upper, hide_input_in_errors=True)


SectionT = TypeVar("SectionT", bound=Section)


class Settings(Section):
    """The platform's own keys. Times in seconds, sizes in MB of 2**20 bytes, ages in days (0 keeps for ever)."""

    isolation: Literal["single", "rls"] = Field("single", description="How tenants are kept apart: `single` or `rls`.")
    prefix: Prefix = Field(
        "taskrunner", description="What role names and Redis keys begin with. Two installations on one server need two."
    )
    redis_url: str = Field(
        "redis://localhost:6379/0",
        pattern="^(redis|rediss|unix)://",
        description="The Redis that notifies, counts and caches: `redis://`, `rediss://` (TLS) or `unix://`.",
    )

    release: str = Field(
        "",
        max_length=MAX_RELEASE_CHARACTERS,
        pattern=r"^[!-~]*$",
        description="What is deployed, such as a version or a commit: shown with workers and with errors.",
    )

    worker_processes: int = Field(
        4, ge=1, le=64, description="Workers of a cluster, unless `--workers` says otherwise."
    )
    worker_max_tasks: int = Field(200_000, ge=1, description="A worker process is replaced after so many tasks.")
    worker_max_memory_mb: int = Field(
        1024, ge=64, description="A worker process is replaced once it has grown by so much since it was ready."
    )
    worker_async_threads: int = Field(
        8,
        ge=1,
        le=64,
        description="Threads, each with a database connection of its own, that a worker lends to `async def` handlers.",
    )
    drain_seconds: int = Field(
        8,
        ge=0,
        le=3600,
        description="How long running tasks may go on after SIGTERM, unless `--drain-seconds` says otherwise.",
    )

    task_max_runtime_seconds: int = Field(
        600, ge=1, le=86_400, description="The longest `timeout_seconds`, for types that set no maximum of their own."
    )
    task_max_artifact_mb: int = Field(25, ge=1, le=1024, description="The largest artifact.")
    tasks_per_minute: int | None = Field(
        None, ge=1, description="Submissions of a tenant over REST in any 60 seconds; None: no limit."
    )
    max_batch_size: int = Field(
        50, ge=1, le=1000, description="Items of one request: tasks of a bulk submission, queries, changes of keys."
    )

    task_retention_days: int = Field(
        0, ge=0, le=3650, description="Age at which an ended task is deleted, with its runs and artifacts."
    )
    task_log_retention_days: int = Field(
        30, ge=0, le=3650, description="Age at which the log of a deleted task is deleted."
    )

    cors_allowed_origins: list[str] = Field([], description="Origins whose pages may call the API.")
    api_waiting_requests: int = Field(
        12, ge=1, description="Requests that may wait for the end of a task at a time, in each process."
    )
    api_waiting_claims: int = Field(
        12, ge=1, description="HTTP workers that may wait for a task at a time, in each process."
    )

    artifacts_directory: Path = Field(
        Path(".taskrunner/artifacts"),
        description="Where artifacts are kept if STORAGES has no 'artifacts'; a relative one lies below BASE_DIR.",
    )


class _Lazy:
    """One section, read and checked at its first use, and again after a test has changed the setting."""

    def __init__(self, model: type[Section], path: str) -> None:
        self.model = model
        self.path = path
        self.section: Section | None = None

    def __getattr__(self, name: str) -> Any:
        if self.section is None:
            self.section = self._read()
        return getattr(self.section, name)

    def _read(self) -> Section:
        try:
            return self.model.model_validate(self._known())
        except ValidationError:
            pass  # its own words name no setting
        raise ImproperlyConfigured(f"{SETTING} in Django's settings is not usable:\n  " + "\n  ".join(faults()))

    def _known(self) -> Any:
        """What is written, without what may be sections of apps that are not loaded yet; the check names the rest."""
        written = self.written()
        if self.path or not isinstance(written, dict):
            return written
        return {key: value for key, value in written.items() if key in _known_keys("")}

    def written(self) -> Any:
        """What Django's settings say, without the sections below."""
        whole = getattr(django_settings, SETTING, {})
        if not isinstance(whole, dict):
            return whole
        if self.path:
            return whole.get(self.path, {})
        return {key: value for key, value in whole.items() if key not in _sections}


_sections: dict[str, _Lazy] = {}


def register_section(name: str, model: type[SectionT]) -> SectionT:
    """Add the section TASKRUNNER[name]. Returns its settings, read when first used.

    Raises ImproperlyConfigured for a name that is taken.
    """
    if name in _sections:
        raise ImproperlyConfigured(f"{SETTING}[{name!r}] is registered twice.")
    _sections[name] = _Lazy(model, name)
    return cast(SectionT, _sections[name])


def faults() -> list[str]:
    """Everything that is wrong with the setting, a line each, by key; empty when it is sound."""
    if not isinstance(getattr(django_settings, SETTING, {}), dict):
        return [f"{SETTING}: must be a dictionary"]
    lines = []
    for section in (_core, *_sections.values()):
        try:
            section.model.model_validate(section.written())
        except ValidationError as error:
            lines += [_explain(section.path, item) for item in error.errors()]
    return lines


def _explain(section: str, error: ErrorDetails) -> str:
    path = [*([section] if section else []), *error["loc"]]
    key = SETTING + "".join(f"[{part!r}]" for part in path)
    if error["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(section))
        return f"{key}: there is no such key. There are: {known}"
    if error["type"] == "model_type":
        return f"{key}: must be a dictionary"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}"


def _known_keys(section: str) -> list[str]:
    if section:
        return [name.upper() for name in _sections[section].model.model_fields]
    return [*(name.upper() for name in Settings.model_fields), *_sections]


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == SETTING:
        for section in (_core, *_sections.values()):
            section.section = None


_core = _Lazy(Settings, "")
settings = cast(Settings, _core)
