"""`stats`: figures of a window, as a table and as a document."""

from queueapp import maintenance
from tests.commands.calling import run, run_json
from tests.database.test_histograms import run_tasks
from tests.tasks.workers import Worker


def test_figures_by_queue_and_type(acme, globex):
    assert run("stats") == "Nothing ran in the last 1h.\n"
    run_tasks(acme, Worker(), 3.0, 0.1, 0.1, 0.1)
    maintenance.run_once()
    document = run_json("stats", "--window", "3h")
    (echo,) = document["types"]
    assert (echo["queue"], echo["type"], echo["completed"], echo["retry_rate"]) == ("default", "echo", 3, 0.25)
    assert 0.064 < echo["run"]["p50"] < 0.128
    assert len(document["spans"]) == 181
    headers, row, total = run("stats", "--tenant", "acme").splitlines()
    assert headers.startswith("QUEUE    TYPE  A MINUTE  DONE  FAILED  TRIED AGAIN  WAIT P50")
    assert row.startswith("default  echo  0.1       3     25.0%   25.0%")
    assert total.startswith("all            0.1       3 ")
    assert run("stats", "--tenant", "globex") == "Nothing ran in the last 1h.\n"
