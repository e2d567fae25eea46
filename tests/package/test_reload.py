"""`qcluster --reload`: a change of a source file is running a moment later."""

from tests.package.test_first_handler import state, submit
from tests.waiting import wait_until


def test_a_change_is_picked_up(make_host, single_cell):
    host = make_host(single_cell)
    host.manage("migrate", "-v", "0")
    handlers = host.directory / "shop" / "handlers.py"
    with host.cluster("qcluster", "--reload"):
        before = submit(host, "shop.greet", {"name": "Ada"})
        wait_until(lambda: state(host, before) == "completed Hello, Ada!")
        handlers.write_text(handlers.read_text().replace("Hello", "Goodbye"))
        wait_until(lambda: goodbye(host))


def goodbye(host):
    task = submit(host, "shop.greet", {"name": "Ada"})
    wait_until(lambda: state(host, task).startswith("completed"))
    return state(host, task) == "completed Goodbye, Ada!"
