"""docker-compose.yml fits the code: its workers serve every queue, and what it passes on is read."""

import re

from queueapp.installation import queues_of_django_tasks
from queueapp.models import Queue
from queueapp.tenancy import operator_scope
from queueapp.worker.processes.supervisor import KILL_AFTER_DRAIN_SECONDS, SETTLE_SECONDS
from taskrunner.environment import Environment
from taskrunner.sections import VARIABLES
from tests.clusters import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
MADE_BY_COMPOSE = {"POSTGRES_PASSWORD", "TASKRUNNER_OWNER_PASSWORD", "TASKRUNNER_APP_PASSWORD", "MINIO_ROOT_PASSWORD"}


def test_every_queue_has_workers_and_each_worker_has_queues_that_exist(clean_database):
    served = [name for names in re.findall(r'--queues, "?([a-z,]+)', COMPOSE) for name in names.split(",")]
    of_the_tests = set(queues_of_django_tasks()) - {"default"}  # their settings have some of django.tasks
    with operator_scope("operator:test"):
        assert sorted(served) == sorted(set(Queue.objects.values_list("name", flat=True)) - of_the_tests)


def test_a_cluster_may_drain_and_release_before_it_is_killed():
    (grace,) = re.findall(r"stop_grace_period: (\d+)s", COMPOSE)
    drains = re.findall(r'--drain-seconds, "(\d+)"', COMPOSE)
    assert len(drains) == COMPOSE.count("qcluster") == 2
    assert all(int(seconds) + KILL_AFTER_DRAIN_SECONDS + SETTLE_SECONDS < int(grace) for seconds in drains)


def test_what_env_may_hold_is_passed_on_and_read():
    passed = set(re.findall(r"^  ([A-Z_]+): \$\{\1:", COMPOSE, re.M))
    assert {"SECRET_KEY", "HTTPS_ONLY", "FETCHED_PAGES_RETENTION_DAYS"} <= passed
    assert passed <= {name.upper() for name in Environment.model_fields} | VARIABLES.keys()
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.M)) == passed | MADE_BY_COMPOSE
