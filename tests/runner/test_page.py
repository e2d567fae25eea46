"""docs/runner.md: its commands and its Python run as they stand, and the codes and events it names exist."""

import json
import re
import sys

from tests.architecture.source import modules, strings_of
from tests.clusters import ROOT
from tests.search.servers import KEY

PAGE = (ROOT / "docs" / "runner.md").read_text()
SHELL, PYTHON = (re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S) for language in ("sh", "python"))


def documents(printed):
    """What curl printed, which puts nothing between one answer and the next; what is no JSON, as text."""
    decoder, found = json.JSONDecoder(), []
    while (printed := printed.lstrip()).startswith("{"):
        document, end = decoder.raw_decode(printed)
        found.append(document)
        printed = printed[end:]
    return [*found, printed] if printed else found


def rows(heading):
    """The two columns of the table below a heading."""
    table = PAGE[PAGE.index(f"| {heading} | ours |") :].split("\n\n")[0]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in table.splitlines()[2:]]


def names(text):
    return re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)


def test_the_commands_of_the_page_do_what_it_says(user, brave, page):
    script = "\necho; echo ---\n".join(SHELL).replace("https://example.com/", f"{page.url}/")
    done = user("bash", "-c", f"set -euo pipefail\n{script}")
    assert done.returncode == 0, done.stdout + done.stderr
    health, echo, sleep, search, artifact, limits, runs, fetched, searched = done.stdout.split("\n---\n")
    assert documents(health)[0]["ok"] is True

    now, ended = documents(echo)
    assert (ended["id"], ended["status"], ended["result"]) == (now["id"], "completed", {"msg": "hello"})
    assert len(ended["artifact_ids"]) == 1
    assert documents(sleep)[-1]["status"] == "cancelled"

    found, artifacts = documents(search)
    assert (found["status"], found["result"]["summary"]) == ("completed", "3 results from brave")
    assert [each["type"] for each in artifacts["results"]] == ["search_results", "search_raw"]
    assert brave.headers[0]["x-subscription-token"] == KEY

    meta, content = documents(artifact)
    assert (meta["type"], meta["size_bytes"], content) == ("log", 11, "Hello world")
    assert documents(limits)[0]["task_max_artifact_mb"] == 25
    assert [each["task_id"] for each in documents(runs)[0]["results"]] == [found["id"]]

    (text,) = documents(fetched)
    assert (text["status"], text["result"]["title"]) == ("completed", "Bread")
    one, batch = documents(searched)
    assert one["result"]["summary"] == "3 results from brave, library"
    assert (batch["type"], batch["params"]["queries"]) == ("search.batch", ["deep sea", "high mountains"])


def test_the_python_of_the_page_runs(user):
    asked = "from queueapp.handlers import find_handler\nhandler = find_handler('reports.monthly')\n"
    told = "print(handler.result_ttl_seconds, handler.key_of(ReportParams(month='2026-01', force=True)))"
    done = user(sys.executable, "manage.py", "shell", "-c", "\n".join([*PYTHON, asked, told]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["False None None", "3600 reports:2026-01"]


def test_the_codes_and_events_that_it_calls_ours_are_in_the_code():
    said = [theirs if ours == "the same" else ours for theirs, ours in rows("its code") + rows("its log event")]
    ours = set(names("".join(said) + PAGE[PAGE.index("The others are the same") :].split("\n\n")[0]))
    assert len(ours) > 40
    written = {text for module in modules().values() for text in strings_of(module)}
    assert ours - written == set()
