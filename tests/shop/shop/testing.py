"""Tests against a Celery worker, a process of its own on the test database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

from django.conf import settings
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.test import TransactionTestCase, override_settings
from django.test.runner import DiscoverRunner

from shop.celery import app

WORKER = (
    "-A shop worker --pool solo --queues celery,payments,mails --loglevel WARNING --without-gossip --without-mingle"
)


class RunnerWithWorker(DiscoverRunner):
    def setup_databases(self, **options):
        made = super().setup_databases(**options)
        database = json.dumps({**json.loads(os.environ["SHOP_DATABASE"]), "NAME": connection.settings_dict["NAME"]})
        command = [sys.executable, "-m", "celery", *WORKER.split()]
        self.worker = subprocess.Popen(command, cwd=settings.BASE_DIR, env={**os.environ, "SHOP_DATABASE": database})
        return made

    def teardown_databases(self, old_config, **options):
        self.worker.terminate()
        self.worker.wait(30)
        app.control.purge()
        super().teardown_databases(old_config, **options)


@override_settings(EMAIL_BACKEND="shop.mails.Sandbox")
class ShopTestCase(TransactionTestCase):
    def eventually(self, condition: Callable[[], object]) -> None:
        """Let the worker do what there is to do, until this is true."""
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, "It did not happen within 30 seconds.")
            time.sleep(0.02)
        app.control.purge()  # nothing of this test runs in the next

    def _fixture_teardown(self) -> None:
        """The worker may be in the middle of a task, and lock what the flush locks, in another order."""
        for _ in range(10):
            try:
                return super()._fixture_teardown()
            except CommandError as error:
                if not isinstance(error.__cause__, OperationalError):
                    raise
        self.fail("The worker does not let go of the tables.")
