"""`errors`: the list, one in full, and what operators decide."""

from tests.commands.calling import ACTOR, actions, refused, run, run_json
from tests.error_groups.failing import fail, fold


def test_an_error_from_the_list_to_its_end(acme, globex):
    assert run("errors") == "No error was seen in the last 24h.\n"
    try:
        raise ValueError("card 1 was refused")
    except ValueError as error:
        fail(acme, "ValueError: card 1 was refused", "ValueError: card 2 was refused", error=error)
    fail(globex, "other")
    fold()
    (listed,) = run_json("errors", "--tenant", "acme", "--window", "1h")
    fingerprint = listed["fingerprint"]
    first = run("errors").splitlines()[1]
    assert first.startswith(f"{fingerprint}  open   2         echo  1        ")
    assert first.endswith("  ValueError: card N was refused")
    shown = run("errors", "show", fingerprint)
    assert shown.startswith("echo: ValueError: card N was refused\n2 failures in the last 24h; first seen ")
    assert "in test_an_error_from_the_list_to_its_end" in shown
    assert run("errors", "ignore", fingerprint, "--more", "5") == f"{fingerprint} is ignored, for 1 tenants.\n"
    assert run_json("errors", "show", fingerprint)["by_tenant"][0]["ignored_until"] == 7
    assert run_json("errors", "resolve", fingerprint, "--release", "1f71")["state"] == "resolved"
    assert run("errors", "--state", "resolved", "--type", "echo").splitlines()[1].startswith(fingerprint)
    assert run("errors", "reopen", fingerprint, "--note", "again") == f"{fingerprint} is open, for 1 tenants.\n"
    acts = [f"error.{verb}" for verb in ("ignore", "resolve", "reopen")]
    assert actions() == [(ACTOR, act, fingerprint) for act in acts]
    assert refused("errors", "show", "0" * 16)[1].startswith("There is no error '0000000000000000'")
