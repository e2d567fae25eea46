import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "remind of abandoned carts": {
        "task": "carts.tasks.remind_of_abandoned_carts",
        "schedule": crontab(hour=18, minute=30),
    },
    "order what runs out": {
        "task": "stock.reorder",
        "schedule": crontab(hour=5, minute=0, day_of_week="mon-fri"),
        "kwargs": {"below": 3},
    },
}
