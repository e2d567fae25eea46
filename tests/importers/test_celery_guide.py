"""docs/from-celery.md: what it shows of a task is what the command makes of it, and its shop is moved as it says."""

import os
import re
import shutil
import subprocess

import pytest

from tests.clusters import ROOT
from tests.importers.shops import SHOP, Shop
from tests.importers.test_shop_on_celery import TESTS

PAGE = (ROOT / "docs" / "from-celery.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
STEPS = BLOCK.findall(PAGE[PAGE.index("## A shop, moved") :])
MOST_EDITS = 10
SCHEDULES = """
from queueapp.schedules.declared import declarations
for columns in sorted((columns for _, columns in declarations()), key=lambda each: each["name"]):
    print(*(columns[name] for name in ("name", "type", "cron", "timezone", "params")))
"""


def test_a_task_becomes_what_the_page_shows(import_celery, tmp_path):
    before, after = (text.partition("\n")[2] for _, text in BLOCK.findall(PAGE)[:2])
    file = tmp_path / "orders" / "tasks.py"
    file.parent.mkdir()
    file.write_text(before)
    import_celery("--write")
    assert file.read_text() == after


@pytest.fixture
def shop(tmp_path):
    """A copy of it."""
    shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "mails").mkdir()
    return Shop(tmp_path / "shop", tmp_path / "mails", SHOP_REDIS_URL=os.environ["REDIS_URL"])


def test_the_shop_is_moved_and_its_tests_pass(shop):
    edits = [text for kind, text in STEPS if kind != "console" or text.startswith("$ rm")]
    assert len(edits) <= MOST_EDITS
    *moving, tested = STEPS
    for kind, text in moving:
        follow(shop, kind, text)
    take_celery_away(shop)
    assert shop.manage("shell", "-v", "0", "-c", SCHEDULES).splitlines()[-2:] == [
        "order-what-runs-out stock.reorder 0 5 * * MON-FRI Europe/Berlin {'below': 3}",
        "remind-of-abandoned-carts carts.tasks.remind_of_abandoned_carts 30 18 * * * Europe/Berlin {}",
    ]
    said = follow(shop, *tested)
    assert f"Ran {TESTS} tests" in said and "\nOK" in said, said


def take_celery_away(shop):
    """As where it is not installed any more."""
    (shop.directory / "celery.py").write_text('raise ImportError("Celery is not installed")\n')


def follow(shop, kind, text):
    """Do what a block of the page says, and return what was said."""
    if kind == "diff":
        subprocess.run(["git", "apply", "-"], input=text, text=True, check=True, cwd=shop.directory)
        return ""
    if kind == "python":
        path = text.splitlines()[0].removeprefix("# ")
        (shop.directory / path).write_text(text)
        return ""
    program, *words = text.removeprefix("$ ").split()
    if program == "rm":
        for word in words:
            (shop.directory / word).unlink()
        return ""
    return shop.manage(*words[1:])
