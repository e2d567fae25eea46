"""Settings read once from environment variables: typed, bounded, every error reported together."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from psycopg2.extensions import parse_dsn
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from configapp.env_overrides import BadOverrides, read_overrides
from taskrunner.sections import read_sections, section_faults

MIN_SECRET_KEY = 32
NOT_SET = "is not set (a shell beside `make up` reads it with: source .taskrunner/env)"


def _split(value: Any) -> Any:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _libpq_url(value: SecretStr) -> SecretStr:
    try:
        parse_dsn(value.get_secret_value())
    except psycopg2.ProgrammingError as error:
        # libpq repeats the URL, password included, so its own words stay out of the message
        raise ValueError("is not a PostgreSQL URL (postgresql://user:password@host:port/name)") from error
    return value


def _secret_key(value: SecretStr) -> SecretStr:
    if len(value) < MIN_SECRET_KEY:
        raise ValueError(f"must have at least {MIN_SECRET_KEY} characters, not {len(value)}")
    return value


CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split)]
SecretKey = Annotated[SecretStr, AfterValidator(_secret_key)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_libpq_url)]


class Environment(BaseSettings):
    """One field per variable; the variable is the field's name in upper case."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    secret_key: SecretKey
    secret_key_fallbacks: CommaSeparated = []
    debug: bool = False
    allowed_hosts: CommaSeparated = ["localhost", "127.0.0.1", "[::1]"]
    csrf_trusted_origins: CommaSeparated = []
    https_only: bool = False
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    postgres_host: str = "localhost"
    postgres_port: int = Field(5432, ge=1, le=65535)
    postgres_db: str = "taskrunner"
    postgres_user: str | None = None
    postgres_password: SecretStr = SecretStr("")
    database_url: DatabaseUrl | None = None
    owner_database_url: DatabaseUrl | None = None

    taskrunner_isolation: Literal["single", "rls"] = "rls"
    taskrunner_prefix: str = "taskrunner"

    redis_url: str | None = Field(None, pattern="^(redis|rediss|unix)://")
    redis_host: str = "localhost"
    redis_port: int = Field(6379, ge=1, le=65535)
    redis_password: SecretStr = SecretStr("")
    redis_db: int = Field(0, ge=0)
    redis_tls: bool = False

    artifacts_directory: Path = Path(".taskrunner/artifacts")
    minio_access_key: str | None = Field(None, validation_alias=AliasChoices("MINIO_ACCESS_KEY", "MINIO_ROOT_USER"))
    minio_secret_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("MINIO_SECRET_KEY", "MINIO_ROOT_PASSWORD")
    )
    minio_endpoint: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]+(:[0-9]{1,5})?$")
    minio_bucket: str = Field("artifacts", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    minio_region: str = "us-east-1"
    minio_secure: bool = False

    task_max_runtime_seconds: int = Field(600, ge=1, le=86_400)
    tasks_per_minute: int = Field(30, ge=1)
    max_batch_size: int = Field(50, ge=1, le=1000)
    task_max_artifact_mb: int = Field(25, ge=1, le=1024)  # of 2**20 bytes
    cors_allowed_origins: CommaSeparated = []
    task_retention_days: int = Field(0, ge=0, le=3650)
    task_log_retention_days: int = Field(30, ge=0, le=3650)
    worker_processes: int = Field(4, ge=1, le=64)
    worker_max_tasks: int = Field(200_000, ge=1)
    worker_max_memory_mb: int = Field(1024, ge=64)
    release: str = Field("", max_length=100, pattern=r"^[!-~]*$")
    drain_seconds: int = Field(8, ge=0, le=3600)

    # These look at one field and know those above it, so that they speak up beside whatever else is wrong.
    @field_validator("database_url")
    @classmethod
    def _needs_a_database(cls, url: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if url is None and others.data.get("postgres_user", "") is None:
            raise ValueError(f"{NOT_SET}, nor are POSTGRES_USER, POSTGRES_PASSWORD, …")
        return url

    @field_validator("minio_endpoint")
    @classmethod
    def _needs_the_stores_keys(cls, endpoint: str | None, others: ValidationInfo) -> str | None:
        if endpoint and not (others.data.get("minio_access_key") and others.data.get("minio_secret_key")):
            raise ValueError("is set, but MINIO_ACCESS_KEY and MINIO_SECRET_KEY are not both")
        return endpoint

    @property
    def database(self) -> dict[str, str]:
        """libpq parameters of the login that this process runs as."""
        if self.database_url is not None:
            return dict(parse_dsn(self.database_url.get_secret_value()))
        return {
            "host": self.postgres_host,
            "port": str(self.postgres_port),
            "dbname": self.postgres_db,
            "user": self.postgres_user or "",
            "password": self.postgres_password.get_secret_value(),
        }

    @property
    def owner_database(self) -> dict[str, str] | None:
        """libpq parameters of the login that owns the tables; only migrations need it."""
        url = self.owner_database_url
        return dict(parse_dsn(url.get_secret_value())) if url is not None else None

    @property
    def redis(self) -> str:
        """URL in the form redis-py reads."""
        if self.redis_url is not None:
            return self.redis_url
        scheme = "rediss" if self.redis_tls else "redis"
        password = self.redis_password.get_secret_value()
        credentials = f":{password}@" if password else ""
        return f"{scheme}://{credentials}{self.redis_host}:{self.redis_port}/{self.redis_db}"

    @property
    def artifact_store(self) -> dict[str, Any]:
        """Django's description of the store: S3 where an endpoint is named, else a directory."""
        if self.minio_endpoint is None:
            location = str(self.artifacts_directory.resolve())
            return {"BACKEND": "queueapp.artifacts.filesystem_store.FileStore", "OPTIONS": {"location": location}}
        return {
            "BACKEND": "queueapp.artifacts.s3_store.S3Store",
            "OPTIONS": {
                "endpoint_url": f"{'https' if self.minio_secure else 'http'}://{self.minio_endpoint}",
                "access_key": self.minio_access_key,
                "secret_key": self.minio_secret_key.get_secret_value() if self.minio_secret_key else None,
                "bucket_name": self.minio_bucket,
                "region_name": self.minio_region,
            },
        }


def load() -> tuple[Environment, dict[str, dict[str, Any]]]:
    """Read the environment: the settings, and the families' sections of TASKRUNNER.

    Raises ImproperlyConfigured with one line for each variable that is missing or wrong.
    """
    lines: list[str] = []
    sections = read_sections(os.environ)
    try:
        environment = Environment()
    except ValidationError as error:
        lines += [_explain(item) for item in error.errors()]
    lines += section_faults(sections)
    try:
        sections["CONFIG"]["OVERRIDES"] = read_overrides(os.environ)
    except BadOverrides as error:
        lines += error.lines
    if lines:
        raise ImproperlyConfigured("The environment is not usable:\n  " + "\n  ".join(lines))
    return environment, sections


def _explain(error: ErrorDetails) -> str:
    message = NOT_SET if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    return f"{str(error['loc'][0]).upper()}: {message}"
