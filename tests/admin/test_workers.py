"""Workers: which live, and what they are busy with."""

from datetime import timedelta

from django.utils import timezone

from tests.admin.pages import shown

WORKERS = "/admin/queueapp/worker/"


def test_the_living_are_told_from_the_dead(root, make_worker):
    silent = make_worker(heartbeat_at=timezone.now() - timedelta(minutes=5))
    stopped = make_worker(stopped_at=timezone.now())
    alive = make_worker()
    rows = {row.pk: row.glance for row in shown(root.get(WORKERS))}
    assert {pk: glance.is_live for pk, glance in rows.items()} == {silent.pk: False, stopped.pk: False, alive.pk: True}
    assert 300 <= rows[silent.pk].seconds_since_heartbeat < 330
    assert "5 m" in root.get(WORKERS).content.decode()


def test_a_worker_shows_the_tasks_that_it_holds(root, make_task, make_worker):
    worker, idle = make_worker(), make_worker()
    task = make_task(status="leased", worker_id=worker.pk)
    make_task(status="completed", worker_id=worker.pk)
    link = f'<a href="/admin/queueapp/task/{task.pk}/change/">echo</a>'
    assert root.get(WORKERS).content.decode().count(link) == 1
    assert link in root.get(f"{WORKERS}{worker.pk}/change/").content.decode()
    assert link not in root.get(f"{WORKERS}{idle.pk}/change/").content.decode()


def test_a_worker_shows_what_it_can_do(root, make_worker):
    worker = make_worker(capabilities={"region": "<eu>"}, queues=["default", "fetch"])
    text = root.get(f"{WORKERS}{worker.pk}/change/").content.decode()
    assert "&quot;region&quot;: &quot;&lt;eu&gt;&quot;" in text
    assert "default, fetch" in text
