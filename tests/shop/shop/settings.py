"""A shop: customers, stock, orders, carts. Its database and its Redis come from the environment."""

import json
import os
from datetime import timedelta
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "only for tests"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "customers.Customer"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "customers",
    "stock",
    "orders",
    "carts",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

DATABASES = {"default": json.loads(os.environ["SHOP_DATABASE"])}

EMAIL_BACKEND = "shop.mails.Sandbox"
EMAIL_FILE_PATH = os.environ["SHOP_MAILS"]  # a directory
DEFAULT_FROM_EMAIL = "shop@shop.example"

PAY_WITHIN = timedelta(minutes=30)
ASK_FOR_REVIEW_AFTER = timedelta(days=7)

CELERY_BROKER_URL = os.environ.get("SHOP_BROKER_URL")
CELERY_RESULT_BACKEND = CELERY_BROKER_URL
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_ROUTES = {
    "orders.tasks.charge": {"queue": "payments"},
    "carts.tasks.*": {"queue": "mails"},
    "*.send_*": {"queue": "mails"},
}

TEST_RUNNER = "shop.testing.RunnerWithWorker"
