"""Schedules and queued tasks of django-q2, written by its own code: what is moved, once, and what stays and why."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import redis
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from queueapp import handlers, task
from queueapp.contrib.django_q.moving import Mover
from queueapp.contrib.django_q.sources import source_of
from queueapp.errors import InvalidValue
from queueapp.models import Schedule as OurSchedule
from queueapp.models import Task
from queueapp.tenancy import bind_tenant, operator_scope
from tests.clusters import ROOT
from tests.docs.test_python import python_blocks
from tests.factories import ACTOR

ORM = {"name": Conf.PREFIX, "orm": "default"}
REDIS = {"name": Conf.PREFIX, "redis": os.environ["REDIS_URL"]}
LIST = f"django_q:{Conf.PREFIX}:q"


class Exploit:
    """A pickle that would leave a file behind, where it is run."""

    def __init__(self, file):
        self._file = file

    def __reduce__(self):
        return os.mkdir, (str(self._file),)


@pytest.fixture(autouse=True)
def greet(monkeypatch, clean_database):
    """The task that the functions below are, and their path."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))

    @task("greetings.send")
    def greet(name: str, times: int = 1, price: Decimal = Decimal(0)) -> str:
        return f"Hello {name}" * times

    yield greet
    OrmQ.objects.all().delete()
    Schedule.objects.all().delete()


@pytest.fixture
def server():
    server = redis.from_url(os.environ["REDIS_URL"])
    yield server
    server.delete(LIST)


@pytest.fixture
def move(acme):
    """move(write=True): what becomes of everything that is there, as (verdict, words)."""

    def move(write=True, q_cluster=ORM):
        mover = Mover(acme.id, ACTOR, q_cluster, write=write)
        items = [*mover.schedules(), *mover.queued(source_of(q_cluster))]
        return [(str(item.verdict), item.words) for item in items]

    return move


def package(greet, *args, func=None, id="1" * 32, **options):
    values = {"id": id, "name": "n", "func": func or greet.path, "args": args, "started": timezone.now()}
    return SignedPackage.dumps({"kwargs": {}, **values, **options})


def enqueue(text, lock=None):
    return OrmQ.objects.create(key="any", payload=text, lock=lock or timezone.now() - timedelta(seconds=1))


def ours():
    with operator_scope(ACTOR):
        return [(found.type, found.params, found.run_at) for found in Task.objects.order_by("id")]


def test_a_queued_task_is_told_then_moved_then_gone(greet, move):
    enqueue(package(greet, "Ada", kwargs={"price": Decimal("1.50")}, timeout=30))
    assert move(write=False) == [("moves", "task greetings.send")]
    assert (ours(), OrmQ.objects.count()) == ([], 1)
    assert [verdict for verdict, _ in move()] == ["moved"]
    assert move() == []
    ((type, params, _),) = ours()
    assert (type, params) == ("greetings.send", {"name": "Ada", "times": 1, "price": "1.50"})


def test_what_was_moved_and_not_taken_away_is_not_moved_twice(greet, move, server):
    """As where the process dies between the two, which only one transaction for both could exclude."""
    text = package(greet, "Ada")
    server.rpush(LIST, text)
    move(q_cluster=REDIS)
    server.rpush(LIST, text)
    assert [verdict for verdict, _ in move(q_cluster=REDIS)] == ["moved"]
    assert (len(ours()), server.llen(LIST)) == (1, 0)


def test_no_list_of_redis_is_touched_while_a_cluster_runs(greet, move, server):
    server.rpush(LIST, package(greet, "Ada"))
    server.set(f"django_q:{Conf.PREFIX}:cluster:1", "alive", px=60_000)
    try:
        assert "stop it" in move(q_cluster=REDIS)[0][1]
    finally:
        server.delete(f"django_q:{Conf.PREFIX}:cluster:1")
    assert (ours(), server.llen(LIST)) == ([], 1)


@pytest.mark.parametrize("broker", ["sqs", "mongo", "broker_class"])
def test_other_brokers_are_not_read(broker):
    with pytest.raises(InvalidValue, match=broker):
        source_of({broker: {"x": 1}})


STAYING = [
    ({"func": "shop.tasks.nowhere"}, "unknown", "decorate it with @task"),
    ({"hook": "shop.tasks.done"}, "not yet", "hook"),
    ({"chain": [("f", ())]}, "not yet", "chain"),
    ({"kwargs": {"nobody": 1}}, "not yet", "nobody"),
    ({"kwargs": {"times": "many"}}, "not yet", "times"),
    ({"kwargs": {"price": User(pk=1)}}, "unreadable", "plain values"),
    ({"kwargs": {"price": os.getcwd}}, "unreadable", "posix.getcwd"),
]


@pytest.mark.parametrize(("options", "verdict", "words"), STAYING)
def test_what_cannot_be_moved_stays(greet, move, options, verdict, words):
    enqueue(package(greet, "Ada", **options))
    ((told, why),) = move()
    assert told == verdict and words in why
    assert (ours(), OrmQ.objects.count()) == ([], 1)


def test_what_a_cluster_holds_is_left_to_it(greet, move):
    enqueue(package(greet, "Ada"), lock=timezone.now() + timedelta(minutes=1))
    assert move()[0][0] == "busy"
    assert (ours(), OrmQ.objects.count()) == ([], 1)


def test_nothing_that_is_queued_is_run(greet, move, tmp_path):
    signed = package(greet, Exploit(tmp_path / "ran"))
    for text in (
        signed,
        signed[:-1] + ("a" if signed[-1] != "a" else "b"),
        "",
        "x" * (2**20 + 1),
        SignedPackage.dumps(7),
    ):
        enqueue(text)
    assert [verdict for verdict, _ in move()] == ["unreadable"] * 5
    assert list(tmp_path.iterdir()) == []


FIRST = datetime(2027, 3, 5, 6, 30, tzinfo=UTC)  # a Friday, 07:30 in Berlin
RECURRENCES = [
    ({"schedule_type": "I", "minutes": 20}, {"every_seconds": 1200}),
    ({"schedule_type": "H"}, {"cron": "30 * * * *"}),
    ({"schedule_type": "D"}, {"cron": "30 7 * * *", "timezone": "Europe/Berlin"}),
    ({"schedule_type": "W"}, {"cron": "30 7 * * 5"}),
    ({"schedule_type": "M"}, {"cron": "30 7 5 * *"}),
    ({"schedule_type": "BM"}, {"cron": "30 7 5 1,3,5,7,9,11 *"}),
    ({"schedule_type": "Q"}, {"cron": "30 7 5 3,6,9,12 *"}),
    ({"schedule_type": "Y"}, {"cron": "30 7 5 3 *"}),
    ({"schedule_type": "C", "cron": "*/5 4 * * *"}, {"cron": "*/5 4 * * *"}),
]


def schedule(greet, **members):
    row = Schedule(**{"func": greet.path, "args": "'Ada'", "next_run": FIRST, **members})
    Schedule.objects.bulk_create([row])  # save() asks croniter, which is not here
    return row


@pytest.mark.parametrize(("theirs", "expected"), RECURRENCES)
def test_a_schedule_becomes_ours_and_stops_there(greet, move, settings, theirs, expected):
    settings.TIME_ZONE = "Europe/Berlin"
    row = schedule(greet, kwargs="times=2, price='3'", **theirs)
    assert [verdict for verdict, _ in move(write=False)] == ["moves"]
    assert [verdict for verdict, _ in move()] == ["moved"]
    assert move() == []
    with operator_scope(ACTOR):
        made = OurSchedule.objects.get(name=f"django-q-{row.pk}")
    assert {name: getattr(made, name) for name in expected} == expected
    assert (made.type, made.params) == ("greetings.send", {"name": "Ada", "times": 2, "price": "3"})
    row.refresh_from_db()
    assert row.repeats == 0


def test_one_date_becomes_a_task_that_is_due_then(greet, move):
    schedule(greet, args="('Ada', 3)", kwargs='{"price": 2}')
    assert [verdict for verdict, _ in move()] == ["moved"]
    assert move() == []
    assert ours() == [("greetings.send", {"name": "Ada", "times": 3, "price": "2"}, FIRST)]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"args": "__import__('os').mkdir('/tmp/ran')"}, "no literals"),
        ({"kwargs": "**{}"}, "no text"),
        ({"kwargs": "times=open('x')"}, "no literals"),
        ({"args": "(" * 3000}, "no literals"),
        ({"args": "1," * 9000}, "10,000"),
        ({"schedule_type": "BW"}, "'BW'"),
        ({"schedule_type": "M", "next_run": FIRST.replace(day=30)}, "day 30"),
        ({"schedule_type": "D", "repeats": 4}, "4 more runs"),
        ({"hook": "shop.done"}, "hook"),
        ({"intended_date_kwarg": "day"}, "intended_date_kwarg"),
        ({"kwargs": "q_options={'group': 'x'}"}, "q_options"),
        ({"schedule_type": "C", "cron": "0 0 30 2 *"}, "never comes"),
        ({"args": "1, 2, 3, 4"}, "too many"),
    ],
)
def test_a_schedule_that_has_no_counterpart_stays(greet, move, members, words):
    schedule(greet, **members)
    ((verdict, why),) = move()
    assert verdict == "not yet" and words in why, why
    assert not Schedule.objects.filter(repeats=0).exists() and ours() == []


def test_the_guide_does_what_it_says(move, acme):
    make, submit = python_blocks(ROOT / "docs" / "from-django-q2.md")
    module = {"__name__": "greetings.tasks"}
    handlers._handlers.pop("greetings.send")
    exec(make, module)
    enqueue(SignedPackage.dumps({"id": "1", "func": "greetings.tasks.send", "args": ("Ada",), "kwargs": {"times": 2}}))
    assert [verdict for verdict, _ in move()] == ["moved"]
    with bind_tenant(acme.id):
        exec(submit, module)
    assert [found[:2] for found in ours()] == [("greetings.send", {"name": "Ada", "times": 2})] * 2


def test_the_command_refuses_where_the_configuration_is_ours():
    with pytest.raises(CommandError, match="list it after django_q"):
        call_command("import_django_q")
