"""The overview: what is wrong, what waits and runs, what fails; of all tenants or of one."""

from queueapp import maintenance
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.commands.calling import create_worker
from tests.error_groups.failing import fail, fold


def text_of(client, scope="all"):
    return client.get(f"/console/{scope}/").content.decode()


def test_what_is_wrong_comes_first_with_its_tasks_and_what_to_press(root, make_task):
    make_task()
    maintenance.run_once()
    text = text_of(root)
    assert "No worker is alive." in text and '<a class="button" href="/console/all/workers/">' in text
    assert 'href="/console/all/tasks/?state=queued&amp;queue=default&amp;type=echo">Show 1 tasks</a>' in text
    create_worker()
    with operator_scope("operator:ada"):
        service.pause_queue("default", "bad encoder")
    text = text_of(root)
    assert "No worker is alive." not in text and "<b>0/1</b> workers busy of live" in text
    assert '<a class="button" href="/console/all/queues/default/resume/">Resume…</a>' in text


def test_where_no_task_is_yet_it_says_how_to_come_to_one(root):
    assert "The first five minutes" in text_of(root)


def test_figures_are_those_of_the_scope(root, acme, globex, member):
    fail(acme, "ValueError: the card was refused")
    fail(globex, "KeyError: a secret of globex", "KeyError: a secret of globex")
    fold()
    mine = member(acme).get("/console/acme/")
    assert dict(mine.context["counts"])["dead_letter"] == 1
    assert (sum(mine.context["activity"].ended), sum(mine.context["activity"].failed)) == (1, 1)
    assert mine.context["activity"].waits.p95 is not None
    assert [error.title for error in mine.context["errors"]] == ["ValueError: the card was refused"]
    text = mine.content.decode()
    assert "0 schedules now, of 100" in text
    assert "globex" not in text and "workers busy" not in text and "Resume" not in text
    assert sum(root.get("/console/all/?window=7d").context["activity"].ended) == 3
    assert root.get("/console/all/?window=2h").status_code == 400
    everything = root.get("/console/all/").context
    assert sum(everything["activity"].failed) == 3 and len(everything["errors"]) == 2
