"""`schedules`: the list, and what operators do to one."""

from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.commands.calling import ACTOR, actions, refused, run, run_json

NIGHTLY = ("schedules", "add", "nightly", "echo", "--cron", "0 3 * * MON-FRI", "--timezone", "Europe/Berlin")
OF_ACME = ("--tenant", "acme")


def test_a_schedule_from_its_making_to_its_removal(acme):
    assert run("schedules") == "There is no schedule.\n"
    made = run(*NIGHTLY, *OF_ACME, "--param", "msg=hello", "--param", "n=3", "--priority", "8")
    assert made.startswith("nightly: At 03:00 on Monday through Friday (Europe/Berlin); next: ")
    (listed,) = run_json("schedules")
    assert (listed["params"], listed["options"]) == ({"msg": "hello", "n": 3}, {"priority": 8})
    row = run("schedules", *OF_ACME).splitlines()[1]
    assert row.startswith("nightly  acme    echo  active  At 03:00 on Monday through Friday (Europe/Berlin)  ")
    assert row.endswith(" s)")
    assert run("schedules", "pause", "nightly", *OF_ACME) == "nightly is paused.\n"
    assert run_json("schedules")[0]["next_slots"] == []
    assert run("schedules", "resume", "nightly", *OF_ACME).startswith("nightly fires again; next: ")
    fired = run("schedules", "fire", "nightly", *OF_ACME)
    with operator_scope("operator:test"):
        task = Task.objects.get()
    assert fired == f"nightly has submitted task {task.id}.\n"
    shown = run_json("schedules", "show", "nightly", *OF_ACME)
    assert (shown["slots"][0]["task_id"], len(shown["next_slots"])) == (str(task.id), 5)
    assert "nightly submits echo: At 03:00 on Monday through Friday" in run("schedules", "show", "nightly", *OF_ACME)
    assert run("schedules", "remove", "nightly", *OF_ACME) == "nightly is removed.\n"
    verbs = ("create", "pause", "resume", "fire", "delete")
    assert actions() == [(ACTOR, f"schedule.{verb}", "nightly") for verb in verbs]


def test_refusals_say_what_to_mend(acme):
    for wrong, words in (
        (("--cron", "0 0 30 2 *"), "cron: never comes"),
        (("--every", "0"), "every_seconds: Input should be greater than or equal to 1"),
        (("--at", "2020-01-01T00:00:00Z"), "once_at: must lie ahead"),
        (("--every", "60", "--priority", "11"), "options.priority: "),
    ):
        assert words in refused("schedules", "add", "s", "echo", *wrong, *OF_ACME)[1]
    assert (
        "type: type 'nope' has no handler here"
        in refused("schedules", "add", "s", "nope", "--every", "60", *OF_ACME)[1]
    )
    run(*NIGHTLY, *OF_ACME)
    assert "name: there is a schedule 'nightly' already" in refused(*NIGHTLY, *OF_ACME)[1]
    assert refused("schedules", "pause", "daily", *OF_ACME)[1] == "acme has no schedule 'daily'; it has: nightly."
