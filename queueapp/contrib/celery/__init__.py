"""A bridge for projects that come from Celery: tasks of ours whose callers stay as they are.

    from queueapp.contrib.celery import task

    @task("orders.tasks.charge", bind=True, max_retries=5)
    def charge(self, order_id: int): ...

    charge.delay(7)
    charge.apply_async((7,), countdown=60)

`manage.py import_celery` writes such tasks. Celery is not needed, and this can be imported before the apps are ready.
"""

from queueapp.contrib.celery.decorator import task
from queueapp.contrib.celery.functions import BridgedTask
from queueapp.contrib.celery.results import AsyncResult
from queueapp.contrib.celery.running import BoundTask, MaxRetriesExceededError

__all__ = ["AsyncResult", "BoundTask", "BridgedTask", "MaxRetriesExceededError", "task"]
