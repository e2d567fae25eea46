"""`tasks`: the list and its filters."""

import pytest

from tests.commands.calling import refused, run, run_json


def ids(*arguments):
    return [document["id"] for document in run_json("tasks", *arguments)]


def test_the_newest_come_first_and_the_limit_holds(make_task):
    tasks = [str(make_task().id) for _ in range(3)]
    assert ids() == tasks[::-1]
    assert ids("--limit", 2) == tasks[:0:-1]


def test_each_filter_narrows(make_task, globex):
    plain = str(make_task("queued").id)
    dead = str(make_task("dead_letter", type="ari.search.web", labels=["x"]).id)
    theirs = str(make_task("completed", tenant=globex).id)
    assert ids("--status", "queued") == ids("--status", "pending") == [plain]
    assert ids("--status", "failed") == ids("--type", "ari.*") == ids("--type", "ari.search.web") == [dead]
    assert ids("--label", "x") == [dead]
    assert ids("--type", "ari") == []
    assert ids("--tenant", "globex") == [theirs]
    assert ids("--queue", "default", "--tenant", "acme", "--type", "echo") == [plain]


def test_a_row_tells_times_in_seconds_and_what_to_know(make_task):
    dead = make_task("dead_letter", created_at="2026-01-02T03:04:05Z")
    heading, row = run("tasks").splitlines()
    assert heading.split() == ["ID", "STATUS", "TYPE", "TENANT", "QUEUE", "CREATED", "WAITED", "RAN", "NOTE"]
    cells = [cell.strip() for cell in row.split("  ") if cell]
    assert cells[:6] == [str(dead.id), "dead_letter", "echo", "acme", "default", "2026-01-02T03:04:05Z"]
    assert [cell.endswith(" s") for cell in cells[6:8]] == [True, True]
    assert cells[8] == "handler_error"


@pytest.mark.parametrize(
    ("status", "fields", "note"),
    [
        ("scheduled", {"run_at": "2126-01-02T03:04:05Z"}, "due 2126-01-02T03:04:05Z"),
        ("failed", {"run_at": "2126-01-02T03:04:05Z"}, "handler_error due 2126-01-02T03:04:05Z"),
        ("leased", {"progress": {"fraction": 0.25, "message": "a quarter"}}, "25 % a quarter"),
        ("leased", {"cancel_requested_at": "2026-01-02T03:04:05Z"}, "is asked to stop"),
    ],
)
def test_the_note_says_what_the_status_does_not(make_task, status, fields, note):
    make_task(status, **fields)
    assert run("tasks").splitlines()[1].endswith(note)


def test_a_document_has_times_in_utc(make_task):
    make_task("completed", created_at="2026-01-02T03:04:05+02:00")
    (document,) = run_json("tasks")
    assert document["created_at"] == "2026-01-02T01:04:05.000Z"
    assert (document["tenant"], document["result"], document["error"]) == ("acme", {"ok": True}, None)


def test_a_tenants_control_characters_do_not_reach_the_terminal(make_task):
    make_task("leased", progress={"fraction": 0.5, "message": "\x1b[2J\x9bowned\nby me"})
    printed = run("tasks")
    assert "50 % \\x1b[2J\\x9bowned by me" in printed
    assert printed.count("\n") == 2


def test_an_empty_list_says_so(clean_database):
    assert run("tasks") == "No task matches.\n"
    assert run_json("tasks") == []


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--status", "done"], "invalid choice: 'done' (choose from 'blocked'"),
        (["--queue", "nowhere"], "There is no queue 'nowhere'; there are: config, default"),
        (["--tenant", "nobody"], "There is no tenant 'nobody'"),
        (["--type", "a b"], "'a b' must be a type, `X.*` for all types below X, or `*`"),
        (["--limit", "201"], "'201' is not a whole number from 1 to 200"),
        (["--limit", "0"], "'0' is not a whole number from 1 to 200"),
    ],
)
def test_a_mistyped_filter_is_no_empty_list(acme, words, refusal):
    assert refusal in refused("tasks", *words)[1]
