"""An address that cannot be read as filters selects nothing: no row is shown, and no action reaches one."""

import pytest
from django.contrib.auth.models import User

from queueapp.admin.toolkit.closed_list import UNREADABLE
from tests.admin.conftest import signed_in
from tests.admin.pages import TASKS, run_action, shown
from tests.factories import fresh

UNREADABLE_QUERIES = [
    "e=1",
    "e=1&status=queued",
    "e=1&type=echo",
    "e=1&queue=default&p=1",
    "status=%00",
    "status=",
    "type=%00",
    "type=",
    "queue=%00x",
    "queue=",
    "tenant=%00",
    "tenant=",
    "q=%00",
    "q=x%00",
]

each_query = pytest.mark.parametrize("query", UNREADABLE_QUERIES)


@each_query
def test_no_task_is_shown(root, make_task, query):
    make_task()
    make_task(requirements={"region": "eu"})
    page = root.get(f"{TASKS}?{query}", follow=True)
    assert (page.status_code, shown(page)) == (200, [])
    assert b"Select all" not in page.content


@each_query
@pytest.mark.parametrize("everywhere", [False, True])
def test_no_action_reaches_a_task(root, make_task, query, everywhere):
    task = make_task()
    answer = run_action(root, "cancel", [task], address=f"{TASKS}?{query}", everywhere=everywhere)
    assert answer.status_code in (200, 302)
    if everywhere and "/bulk/" in answer.headers.get("Location", ""):
        root.post(answer["Location"])
    assert fresh(task).status == "queued"


def test_the_page_says_so(root, make_task):
    make_task()
    page = root.get(f"{TASKS}?e=1")
    assert UNREADABLE in page.content.decode()
    assert UNREADABLE not in root.get(TASKS).content.decode()


@pytest.mark.parametrize("name", ["auth/user", "auth/group", "queueapp/queue", "queueapp/run", "workloads/fetchedpage"])
def test_every_other_list_is_closed_too(root, one_of_everything, name):
    assert shown(root.get(f"/admin/{name}/"))
    for query in ("e=1", "q=%00"):
        assert shown(root.get(f"/admin/{name}/?{query}")) == []


def test_no_user_is_deleted_through_one(clean_database):
    root = signed_in(User.objects.create_superuser("root"))
    User.objects.create_user("anna")
    for query in ("e=1", "is_staff__exact=maybe", "q=%00"):
        address = f"/admin/auth/user/?{query}"
        body = {"action": "delete_selected", "_selected_action": ["1"], "select_across": "1", "post": "yes"}
        answer = root.post(address, body)
        assert answer.status_code in (200, 302)
    assert User.objects.count() == 2
