"""Django for django-q2 and Celery. `better` is what their documentation advises for many short tasks."""

import os
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from benchmarks.adapters.peer import BETTER, DATABASE_URL, REDIS_URL

SECRET_KEY = "benchmarks"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_q", "django_celery_results"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_parameters = conninfo_to_dict(DATABASE_URL)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _parameters["dbname"],
        "USER": _parameters["user"],
        "PASSWORD": _parameters["password"],
        "HOST": _parameters["host"],
        "PORT": _parameters["port"],
        "CONN_MAX_AGE": None if BETTER else 0,
    }
}

Q_CLUSTER: dict[str, Any] = {
    "name": "bench",
    "workers": 4,
    "save_limit": 0,  # keep every outcome; the default prunes to 250, and is far slower
}
if os.environ.get("PEER_BROKER") == "orm":
    Q_CLUSTER |= {"orm": "default"} | ({"bulk": 50} if BETTER else {})
else:
    Q_CLUSTER |= {"redis": REDIS_URL}
if BETTER:
    Q_CLUSTER |= {"queue_limit": 500, "recycle": 1_000_000}
