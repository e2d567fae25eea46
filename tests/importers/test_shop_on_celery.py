"""The shop as it is written: on real Celery, with a worker process, and this machine's Redis and PostgreSQL."""

import os
import re

from tests.importers.shops import SHOP, Shop

TESTS = 11


def test_the_shops_tests_pass(tmp_path):
    broker = re.sub(r"^unix://(.*)\?db=", r"redis+socket://\1?virtual_host=", os.environ["REDIS_URL"])
    said = Shop(SHOP, tmp_path, SHOP_BROKER_URL=broker).manage("test", "--timing")
    assert f"Ran {TESTS} tests" in said and "\nOK" in said, said
