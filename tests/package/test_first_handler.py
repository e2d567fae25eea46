"""A first handler of one's own: one import, `migrate`, `qcluster`, done."""

from tests.package.hosts import Host
from tests.waiting import wait_until

SUBMIT = """
from queueapp import submit
print(submit({type!r}, {params!r}, tenant={tenant!r}).id)
"""
STATE = """
from queueapp import get_task
task = get_task(__import__("uuid").UUID({id!r}), tenant={tenant!r})
print(task.status, task.result)
"""


def tenant_of(host):
    return None if host.taskrunner["ISOLATION"] == "single" else "acme"


def submit(host: Host, type: str, params: dict) -> str:
    return host.shell(SUBMIT.format(type=type, params=params, tenant=tenant_of(host)))


def state(host: Host, task_id: str) -> str:
    return host.shell(STATE.format(id=task_id, tenant=tenant_of(host)))


def test_it_runs(shop):
    if tenant_of(shop):
        shop.manage("createtenant", "acme")
    task = submit(shop, "shop.greet", {"name": "Ada"})
    with shop.cluster():
        wait_until(lambda: state(shop, task).startswith("completed"))
    assert state(shop, task) == "completed Hello, Ada!"
