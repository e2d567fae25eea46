"""`import_celery`: what it makes of options, settings and schedules, and what it leaves where it is."""

import shutil
import textwrap

import pytest

from queueapp.contrib.celery.importer.files import Change
from queueapp.contrib.celery.importer.findings import Refused
from queueapp.contrib.celery.importer.source import read_file
from tests.importers.shops import SHOP

HEAD = "from celery import shared_task\nfrom celery.schedules import crontab\n"
# what stands in the parentheses of @shared_task, and what @task then has beside the type and the limit of time
OPTIONS = [
    ("", ""),
    ("name='mails.send', queue='mails'", ', queue="mails"'),
    ("queue='celery', ignore_result=True, acks_late=True", ""),
    ("time_limit=20, soft_time_limit=15.5", ", soft_timeout_seconds=15.5, timeout_seconds=20"),
    ("soft_time_limit=400", ", soft_timeout_seconds=400, timeout_seconds=460"),
    ("soft_time_limit=20, time_limit=20", ", timeout_seconds=20"),
    ("time_limit=7200", ", timeout_seconds=7200, max_timeout_seconds=7200"),
    ("expires=90", ", expires_seconds=90"),
    ("max_retries=9", ""),  # nothing retries it
    (
        "autoretry_for=(OSError,)",
        ", max_retries=3, retry_on=(OSError,), retry_base_seconds=180, retry_max_seconds=180, retry_jitter=0",
    ),
    (
        "autoretry_for=(OSError,), dont_autoretry_for=(TimeoutError,), retry_kwargs={'max_retries': N, 'countdown': 5}",
        ", max_retries=N, retry_on=(OSError,), give_up_on=(TimeoutError,), retry_base_seconds=5, retry_max_seconds=5,"
        " retry_jitter=0",
    ),
    (
        "autoretry_for=[OSError], retry_backoff=900",
        ", max_retries=3, retry_on=[OSError], retry_base_seconds=600, retry_max_seconds=600, retry_jitter=0.5",
    ),
    (
        "autoretry_for=[OSError], default_retry_delay=0",
        ", max_retries=3, retry_on=[OSError], retry_base_seconds=0.1, retry_max_seconds=0.1, retry_jitter=0",
    ),
    (
        "autoretry_for=[OSError], retry_backoff=4, retry_backoff_max=N, retry_jitter=False, max_retries=7",
        ", max_retries=7, retry_on=[OSError], retry_base_seconds=4, retry_max_seconds=N, retry_jitter=0",
    ),
]
# a whole task, and the reason why it stays
LEFT = [
    ("@shared_task\ndef f(*ids): ...", "ids takes any number of arguments"),
    ("@shared_task\ndef f(copy): ...", "copy has a name that Pydantic keeps"),
    ("@shared_task\nasync def f(): ...", "async def"),
    ("@shared_task(base=Mine)\ndef f(): ...", "classes of tasks"),
    ("@shared_task(serializer='pickle')\ndef f(): ...", "parameters are JSON"),
    ("@shared_task(**options)\ndef f(): ...", "not written out"),
    ("@shared_task(name=NAME)\ndef f(): ...", "its name is not written out"),
    ("@shared_task(name='send it')\ndef f(): ...", "'send it' is no name of a type"),
    ("@shared_task(max_retries=None, autoretry_for=(OSError,))\ndef f(): ...", "retries without end"),
    ("@shared_task(bind=True)\ndef f(self):\n    self.update_state(state='X')", "self.update_state in line 5"),
    ("@shared_task(bind=True)\ndef f(self):\n    self.retry(args=[1])", "self.retry(args) in line 5"),
    ("@shared_task(bind=True)\ndef f(self):\n    self.request.hostname", "self.request.hostname in line 5"),
    ("@shared_task\ndef f(): ...\nf.apply_async(link=g)", "at app/tasks.py:5"),
    ("@shared_task\ndef f(): ...\n(f.si() | f.si())()", "part of a workflow"),
    ("@shared_task\ndef f(): ...\nf.run()", "at app/tasks.py:5"),
    ("@shared_task\ndef f(): ...\ndef f(): ...", "another function of its name"),
    ("if True:\n    @shared_task\n    def f(): ...", "or a condition"),
    ("class C:\n    @shared_task\n    def f(self): ...", "inside a function, a class"),
    ("@shared_task(name='x')\ndef f(): ...\n@shared_task(name='x')\ndef g(): ...", "2 tasks are called x"),
]
# a schedule of Celery's, and ours or why not
SCHEDULES = [
    ("30.0", "Every(seconds=30)"),
    ("timedelta(hours=1, minutes=30)", "Every(seconds=5400)"),
    ("crontab()", 'Cron("* * * * *", "UTC")'),
    ("crontab(0, '*/6', 'sat,sunday')", 'Cron("0 */6 * * SAT,SUN", "UTC")'),
    ("crontab(minute=[0, 30], hour=9, month_of_year='jan-mar')", 'Cron("0,30 9 * JAN-MAR *", "UTC")'),
    ("0.5", "a whole number of seconds"),
    ("crontab(day_of_month=1, day_of_week=1)", "where cron takes either"),
    ("crontab(hour=HOUR)", "it is no literal"),
    ("solar('sunset', 48, 11)", "solar(…) has no counterpart"),
]


@pytest.fixture
def project(tmp_path):
    """project(**{"app/tasks.py": …}) writes files."""

    def write(**files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(textwrap.dedent(text))

    return write


def said(document, verdict):
    return [
        f"{each['path']}:{each['line']} {each['words']}" for each in document["findings"] if each["verdict"] == verdict
    ]


@pytest.mark.parametrize(("options", "ours"), OPTIONS)
def test_options_become_ours(project, import_celery, tmp_path, options, ours):
    project(**{"app/tasks.py": f"{HEAD}N = 8\n@shared_task({options})\ndef f(): ...\n"})
    import_celery("--write")
    text = " ".join((tmp_path / "app" / "tasks.py").read_text().split()).replace("( ", "(").replace(", )", ")")
    type = "mails.send" if "mails.send" in options else "app.tasks.f"
    assert f'@task("{type}"{ours}) def f(): ...' in text
    assert "shared_task" not in text


@pytest.mark.parametrize(("source", "reason"), LEFT)
def test_what_has_no_counterpart_stays_and_says_why(project, import_celery, source, reason):
    project(**{"app/tasks.py": f"{HEAD}{source}\n"})
    document, _ = import_celery()
    assert (document["moved"], document["files"]) == ([], [])
    assert [words for words in said(document, "not yet") if reason in words], document["findings"]


@pytest.mark.parametrize(("schedule", "ours"), SCHEDULES)
def test_schedules_of_the_beat(project, import_celery, schedule, ours):
    project(
        **{
            "app/tasks.py": f"{HEAD}@shared_task\ndef f(day, hour=1): ...\n",
            "settings.py": f"""
                from datetime import timedelta
                from celery.schedules import crontab, solar
                CELERY_BEAT_SCHEDULE = {{
                    "each day!": {{"task": "app.tasks.f", "schedule": {schedule}, "args": ("mon",),
                                   "options": {{"queue": "q", "expires": 60}}}},
                }}
                """,
        }
    )
    document, _ = import_celery()
    (found,) = [each for each in document["findings"] if each["subject"].startswith("beat")]
    assert ours in found["words"]
    if found["verdict"] == "maps":
        assert 'name="each-day", params={"day": "mon"}, options={"queue": "q", "expires_seconds": 60}' in found["words"]
        assert f"schedule=Scheduled({ours}" in document["files"][0]["diff"]


def test_routes_and_limits_of_the_project_are_written_at_each_task(project, import_celery):
    project(
        **{
            "shop/celery.py": """
                import celery
                queue = celery.Celery("shop")
                routes = [("app.*", {"queue": "first"}), {"app.tasks.g": "own"}]
                queue.conf.update({"task_routes": routes}, task_time_limit=9)
                queue.conf.task_default_queue = "rest"
                """,
            "shop/__init__.py": "from .celery import queue as celery_app\n",
            "app/tasks.py": "from shop import celery_app as a\n@a.task\ndef f(): ...\n@a.task()\ndef g(): ...\n",
            "other/tasks.py": 'from shop.celery import queue\ntask = "taken"\n@queue.task(queue="z")\ndef h(): ...\n'
            "@queue.task(time_limit=1)\ndef i(): ...\n",
        }
    )
    document, _ = import_celery()
    diffs = "".join(each["diff"] for each in document["files"])
    for line in (
        '@task("app.tasks.f", timeout_seconds=9, queue="first")',
        '@task("app.tasks.g", timeout_seconds=9, queue="own")',
        '@queue_task("other.tasks.h", timeout_seconds=9, queue="z")',
        '@queue_task("other.tasks.i", timeout_seconds=1, queue="rest")',
        "from queueapp.contrib.celery import task as queue_task",
    ):
        assert f"\n+{line}\n" in diffs, diffs


def test_names_of_celerys_have_counterparts_once_no_task_is_left(project, import_celery, tmp_path):
    caller = "from celery.result import AsyncResult, GroupResult as G\n"
    project(**{"app/views.py": caller, "app/tasks.py": f"{HEAD}@shared_task\ndef f(*ids): ...\n"})
    import_celery("--write")
    assert (tmp_path / "app" / "views.py").read_text() == caller
    others = "from celery.exceptions import Retry as R, Ignore\n"
    project(**{"app/tasks.py": f"{HEAD}{others}@shared_task\ndef f(ids): raise R\n"})
    document, _ = import_celery("--write")
    assert "from queueapp.contrib.celery import AsyncResult\n" in (tmp_path / "app" / "views.py").read_text()
    assert "from queueapp import RetryLater as R\n" in (tmp_path / "app" / "tasks.py").read_text()
    assert "app/tasks.py:3 has no counterpart" in said(document, "not yet")


def test_the_shop_is_moved_once_but_for_its_chain(import_celery, tmp_path):
    shutil.copytree(SHOP, tmp_path, dirs_exist_ok=True)
    first, refusal = import_celery("--write")
    assert (len(first["moved"]), len(first["left"]), refusal) == (6, 3, None)
    assert "orders/services.py:5" in " ".join(said(first, "not yet"))
    again, _ = import_celery("--write")
    assert (again["moved"], again["left"], again["files"]) == ([], first["left"], [])


def test_nothing_is_written_without_write(import_celery, tmp_path):
    shutil.copytree(SHOP, tmp_path, dirs_exist_ok=True)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.py")}
    document, _ = import_celery()
    assert len(document["files"]) == 3 and not document["written"]
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.py")} == before


def test_a_file_that_changes_meanwhile_is_not_overwritten(tmp_path):
    file = tmp_path / "tasks.py"
    file.write_text("celery = 1\n")
    change = Change(read_file(file, "tasks.py"), b"new = 1\n")
    file.write_text("newer = 1\n")
    with pytest.raises(Refused, match="has changed"):
        change.write()
    assert [each.read_text() for each in tmp_path.iterdir()] == ["newer = 1\n"]
