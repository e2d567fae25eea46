"""Queues on the console: what is said of each, to whom, and what operators do to them."""

from datetime import timedelta

import pytest

from queueapp import clock, maintenance
from queueapp.models import OperatorAction, Queue, TaskStat
from queueapp.tenancy import operator_scope
from tests.commands.calling import create_worker

QUEUE = "/console/all/queues/default/"


def figures_of(client, name="default", scope="all"):
    queues = client.get(f"/console/{scope}/queues/").context["queues"]
    return next(queue for queue in queues if queue.name == name)


def ended(tenant, minutes_ago, moves, to_status="completed"):
    minute = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
    sums = {"moves": moves, "wait_seconds": 0, "run_seconds": 0}
    with operator_scope("operator:test"):
        TaskStat.objects.create(
            tenant=tenant, span_seconds=60, starts_at=minute, queue="default", type="echo", to_status=to_status, **sums
        )


def test_a_queue_tells_whether_it_moves(root, make_task):
    assert figures_of(root).state.word == "no worker"
    busy = create_worker()
    create_worker()
    assert figures_of(root).state.word == "quiet"
    waiting = make_task()
    make_task(status="leased", worker_id=busy.id)
    maintenance.run_once()
    figures = figures_of(root)
    assert (figures.state.word, figures.waiting, figures.running) == ("busy", 1, 1)
    assert (figures.row.busy_workers, figures.row.live_workers) == (1, 2)
    assert figures.row.oldest_task_id == waiting.id
    text = root.get("/console/all/queues/").content.decode()
    assert '<a href="/console/all/tasks/?queue=default&amp;state=queued">1</a>' in text


def test_a_backlog_drains_at_the_rate_of_the_last_minutes(root, acme, make_task):
    make_task()
    make_task()
    maintenance.run_once()
    create_worker()
    assert figures_of(root).drain_seconds is None
    ended(acme, 3, 60)
    ended(acme, 2, 45)
    ended(acme, 2, 15, "dead_letter")
    ended(acme, 90, 1_000)
    figures = figures_of(root)
    assert 2 <= figures.drain_seconds <= 3  # 120 in the two or three full minutes since
    assert (sum(figures.pace.ended), sum(figures.pace.failed)) == (120, 15)
    ended(acme, 0, 1)
    assert "~ " in root.get(QUEUE).content.decode()


def test_a_tenant_sees_its_own_tasks_only_and_no_worker(acme, globex, make_task, member):
    make_task(tenant=globex)
    mine = make_task(tenant=acme)
    maintenance.run_once()
    create_worker(host="secret-host")
    ended(globex, 1, 99)
    with operator_scope("operator:test"):
        Queue.objects.create(name="of.globex")
    client = member(acme)
    figures = figures_of(client, scope="acme")
    assert (figures.waiting, figures.row.oldest_task_id, sum(figures.pace.ended)) == (1, mine.id, 0)
    assert [queue.name for queue in client.get("/console/acme/queues/").context["queues"]] == ["default"]
    page = client.get("/console/acme/queues/default/")
    assert [reason.code for reason in page.context["reasons"]] == ["position"]
    text = page.content.decode()
    assert "secret-host" not in text and "globex" not in text and "Pause" not in text
    assert client.get("/console/acme/queues/of.globex/").status_code == 404


def test_a_queue_is_paused_with_a_reason_and_an_end_and_resumed(root, acme, make_task, member):
    make_task()
    maintenance.run_once()
    assert (
        "Tasks that wait in default: 1, of 1 tenant. Tasks that run: 0." in root.get(f"{QUEUE}pause/").content.decode()
    )
    until = f"{clock.now() + timedelta(days=2):%Y-%m-%dT12:00}"
    answer = root.post(f"{QUEUE}pause/", {"reason": "bad <encoder>", "until": until}, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain == [(QUEUE, 302)] and "default is paused." in text
    assert "by operator:root, until" in text and f"{until[:10]} 12:00:00 UTC" in text and "bad &lt;encoder&gt;" in text
    to_tenants = member(acme).get("/console/acme/queues/").content.decode()
    assert "bad &lt;encoder&gt;" in to_tenants and "operator:root" not in to_tenants
    assert root.post(f"{QUEUE}resume/", follow=True).context["queue"].row.paused_at is None
    with operator_scope("operator:test"):
        assert list(OperatorAction.objects.order_by("id").values_list("actor", "action")) == [
            ("operator:root", "queue.pause"),
            ("operator:root", "queue.resume"),
        ]


@pytest.mark.parametrize(
    ("terms", "field", "words"),
    [
        ({"until": f"{clock.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"}, "until", "must lie ahead"),
        ({"until": "soon"}, "until", "Enter a valid date/time."),
        ({"reason": "x" * 501}, "reason", "at most 500 characters"),
        ({"reason": "nul\x00"}, "reason", "Null characters"),
    ],
)
def test_a_pause_that_is_refused_says_why_beside_the_field(root, terms, field, words):
    answer = root.post(f"{QUEUE}pause/", terms)
    assert answer.status_code == 200
    assert words in answer.context["form"].errors[field][0]
    assert figures_of(root).row.paused_at is None


def test_the_order_is_changed(root):
    assert "Tenants take turns" in root.get(f"{QUEUE}order/").content.decode()
    assert "fair" in root.post(f"{QUEUE}order/", {"strategy": "fair"}, follow=True).content.decode()
    assert figures_of(root).row.strategy == "fair"
    assert root.post(f"{QUEUE}order/", {"strategy": "whim"}).context["form"].errors
    assert root.get("/console/all/queues/no-such/order/").status_code == 404
