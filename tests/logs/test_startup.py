"""What a web server and a cluster say of themselves when they start, and that no secret is in it."""

import os
from tempfile import TemporaryFile

from queueapp import __version__
from tests.clusters import running_cluster
from tests.logs.lines import lines_of
from tests.waiting import wait_until
from tests.web import server_logging_to

CANARY = "canary-in-the-settings"
SECRETS = {"SECRET_KEY": CANARY * 2, "BRAVE_API_KEY": CANARY}


def test_a_web_server_says_that_it_is_ready_and_how_it_is_set(clean_database):
    with TemporaryFile("w+") as log, server_logging_to(log, TASKS_PER_MINUTE="77", **SECRETS):
        lines = lines_of(log)
        text = repr(lines)
    assert [line["event"] for line in lines] == ["db_connection_ok", "api_startup"]
    line = lines[1]
    assert (line["message"], line["version"], line["tasks_per_minute"]) == ("ready", __version__, 77)
    assert line["isolation"] == os.environ.get("TASKRUNNER_ISOLATION", "rls")
    assert lines[0]["postgresql"] >= 15
    assert CANARY not in text
    assert "://" not in text, "no address of a server, which may hold a password"


def test_a_cluster_says_what_it_serves_and_its_workers_when_they_are_ready(clean_database):
    with running_cluster("--queues", "default,fetch", workers=2, **SECRETS) as cluster:
        started = [line for line in lines_of(cluster.log) if line["event"] == "cluster_startup"]
        wait_until(lambda: len(ready(cluster)) == 2)
        assert {line["worker_id"] for line in ready(cluster)} == {str(row.id) for row in cluster.live_workers()}
        text = repr(lines_of(cluster.log))
    (line,) = started
    assert (line["queues"], line["workers"], line["version"]) == (["default", "fetch"], 2, __version__)
    assert CANARY not in text
    assert "://" not in text


def ready(cluster):
    return [line for line in lines_of(cluster.log) if line["event"] == "worker_startup"]
