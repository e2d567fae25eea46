"""Django settings, composed from the environment (see environment.py for every variable)."""

import time
from pathlib import Path
from typing import Any

from taskrunner.environment import load

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT, SECTIONS = load()

SECRET_KEY = ENVIRONMENT.secret_key.get_secret_value()
SECRET_KEY_FALLBACKS = ENVIRONMENT.secret_key_fallbacks
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.csrf_trusted_origins

INSTALLED_APPS = [
    "taskrunner",
    "taskrunner.devserver",
    "queueapp",  # before django_q: our qcluster extends and replaces its command of that name
    "configapp",
    "workloads",
    "django_q",
    "rest_framework",
    "django.contrib.postgres",
    "taskrunner.admin_app.AdminApp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "taskrunner.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "queueapp.rest.toolkit.cors.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "taskrunner.urls"
WSGI_APPLICATION = "taskrunner.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


# a server that is gone without a word is noticed within half a minute, also by who waits for its answer
CONNECTION_OPTIONS = {"connect_timeout": 5, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}


def _database(parameters: dict[str, str]) -> dict[str, Any]:
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database: dict[str, Any] = {django: parameters.get(libpq, "") for libpq, django in known.items()}
    options = {key: value for key, value in parameters.items() if key not in known}
    return {
        **database,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**CONNECTION_OPTIONS, **options},
    }


DATABASES = {"default": _database(ENVIRONMENT.database)}
if ENVIRONMENT.owner_database is not None:
    # `manage.py migrate` uses this one; nothing else does
    DATABASES["owner"] = _database(ENVIRONMENT.owner_database)

STORAGES = {
    "artifacts": ENVIRONMENT.artifact_store,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

TASKRUNNER = {
    "ISOLATION": ENVIRONMENT.taskrunner_isolation,
    "PREFIX": ENVIRONMENT.taskrunner_prefix,
    "REDIS_URL": ENVIRONMENT.redis,
    "RELEASE": ENVIRONMENT.release,
    "WORKER_PROCESSES": ENVIRONMENT.worker_processes,
    "WORKER_MAX_TASKS": ENVIRONMENT.worker_max_tasks,
    "WORKER_MAX_MEMORY_MB": ENVIRONMENT.worker_max_memory_mb,
    "DRAIN_SECONDS": ENVIRONMENT.drain_seconds,
    "TASK_MAX_RUNTIME_SECONDS": ENVIRONMENT.task_max_runtime_seconds,
    "TASK_MAX_ARTIFACT_MB": ENVIRONMENT.task_max_artifact_mb,
    "TASKS_PER_MINUTE": ENVIRONMENT.tasks_per_minute,
    "MAX_BATCH_SIZE": ENVIRONMENT.max_batch_size,
    "TASK_RETENTION_DAYS": ENVIRONMENT.task_retention_days,
    "TASK_LOG_RETENTION_DAYS": ENVIRONMENT.task_log_retention_days,
    "CORS_ALLOWED_ORIGINS": ENVIRONMENT.cors_allowed_origins,
    **SECTIONS,
}


DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "console:sign_in"
LOGIN_REDIRECT_URL = "console:start"
CSRF_FAILURE_VIEW = "taskrunner.error_pages.csrf_failure"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.https_only
SECURE_REDIRECT_EXEMPT = ["^health"]  # asked by orchestrators, within the network
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https_only else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENVIRONMENT.https_only
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https_only else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "taskrunner.formats"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True  # a checkout serves them from the apps; an image has them collected

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "ts", "levelname": "level", "name": "logger"},
            # RFC 3339 in UTC
            ".": {
                "converter": time.gmtime,
                "default_time_format": "%Y-%m-%dT%H:%M:%S",
                "default_msec_format": "%s.%03dZ",
            },
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
    # django-q2 adds a plain-text handler to a logger that has none; ours keeps its lines JSON
    "loggers": {
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "trafilatura": {"level": "CRITICAL"},  # what is wrong with others' pages is no news
        "htmldate": {"level": "CRITICAL"},
    },
}
