"""Changes of the configuration while things die: every accepted one makes its version, once, in the order accepted."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations
from random import Random
from typing import Any

from configapp.catalogue import CATALOGUE
from configapp.changes import ChangeRequest, submit_changes
from configapp.keyspec import Kind
from configapp.models import ConfigAudit, ConfigChange, ConfigVersion, SystemConfig
from configapp.values import decode
from queueapp import tasks
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.world import World
from tests.clusters import ROOT
from tests.waiting import threads, wait_until

ACTOR = "operator:chaos"
LOW, HIGH = 100, 3600
KEYS = [
    key
    for key, spec in CATALOGUE.items()
    if spec.kind == Kind.INTEGER and (spec.minimum or 0) <= LOW and (spec.maximum or 0) >= HIGH
][:20]
SUBMITTERS = 8


@dataclass(frozen=True)
class Accepted:
    """A change as its submitter saw it; times of one clock."""

    key: str
    submission: int
    asked: float
    answered: float


DIE_AFTER_ACCEPTANCE = """
import django, os, signal; django.setup()
from configapp.changes import submit_change
submit_change({key!r}, {value}, actor="operator:chaos")
os.kill(os.getpid(), signal.SIGKILL)
"""


def config_storm(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """A thousand concurrent changes of twenty keys, some in bulks, while one worker after the other is killed."""
    rounds, count = max(1, int(5 * scale)), max(150, int(1000 * min(scale, 1)))
    kills, started = 0, time.monotonic()
    log: list[Accepted] = []
    for _ in range(rounds):
        with threads(SUBMITTERS) as run:
            submitting = [run(_submit, world.random, count // SUBMITTERS) for _ in range(SUBMITTERS)]
            while world.unfinished() or not all(future.done() for future in submitting):
                world.kill("worker")
                kills += 1
                time.sleep(world.random.uniform(0.05, 0.3))
            for future in submitting:
                log += future.result()
        world.submitted = len({accepted.submission for accepted in log})
        _heal(world)
    seconds = round(time.monotonic() - started, 1)
    return {"rounds": rounds, "workers_killed": kills, "seconds": seconds, **_judge(log)}


def config_survives(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """Between acceptance and application a worker, the cluster, Redis, PostgreSQL and the submitter die in turn."""
    log: list[Accepted] = []
    for victim in ("worker", "main", "redis", "postgres", "submitter"):
        with operator_scope(ACTOR):
            service.pause_queue("config")
        time.sleep(1.5)  # workers read the queues once a second
        log += _submit(world.random, 20)
        _kill(victim, world, servers)
        with operator_scope(ACTOR):
            assert ConfigChange.objects.filter(status="accepted").count() >= 10, "it was applied before the kill"
            service.resume_queue("config")
        _heal(world)
        if victim == "redis":
            servers.redis.start()
    world.submitted = len({accepted.submission for accepted in log}) + 1  # the last submitter told nobody
    return _judge(log)


def _submit(random: Random, count: int) -> list[Accepted]:
    """Changes of random keys, one or a few at a time."""
    log: list[Accepted] = []
    while len(log) < count:
        keys = random.sample(KEYS, min(count - len(log), random.choice((1, 1, 1, 4))))
        asked = time.monotonic()
        changes = submit_changes([ChangeRequest(key, random.randrange(LOW, HIGH)) for key in keys], actor=ACTOR)
        answered = time.monotonic()
        log += [Accepted(change.config_key, change.submission, asked, answered) for change in changes]
    return log


def _kill(victim: str, world: World, servers: EmbeddedServers) -> None:
    if victim == "redis":
        servers.redis.kill()
    elif victim == "postgres":
        servers.postgres.kill()
        servers.postgres.start()
        world.reconnect()
    elif victim == "submitter":
        command = [sys.executable, "-c", DIE_AFTER_ACCEPTANCE.format(key=KEYS[0], value=3000)]
        assert subprocess.run(command, cwd=ROOT, env=os.environ).returncode == -signal.SIGKILL
    else:
        world.kill(victim)


def _heal(world: World) -> None:
    """A change whose worker was killed three times is a dead letter: an operator redrives it."""
    world.heal()
    with operator_scope(ACTOR):
        tasks.redrive(type_pattern="config.apply")
    world.heal()
    wait_until(lambda: not _waiting())


def _waiting() -> int:
    with operator_scope(ACTOR):
        return ConfigChange.objects.filter(status="accepted").count()


def _judge(log: list[Accepted]) -> dict[str, Any]:
    """Raises AssertionError unless every key went through exactly its accepted changes, in their order.

    Their order is what submitters saw: who asked after another was answered comes after it.
    """
    by_key = defaultdict(list)
    for each in log:
        by_key[each.key].append(each)
    for entries in by_key.values():
        numbers = {entry.submission for entry in entries}
        assert len(numbers) == len(entries)
        for one, other in permutations(entries, 2):
            assert one.submission < other.submission or not one.answered < other.asked
    with operator_scope(ACTOR):
        changes = list(ConfigChange.objects.order_by("submission"))
        versions = list(ConfigVersion.objects.order_by("version"))
        current = {row.config_key: (row.version, decode(row.config_value)) for row in SystemConfig.objects.all()}
        records = list(ConfigAudit.objects.values_list("change_id", "status", "version"))
    accepted, made = defaultdict(list), defaultdict(list)
    for change in changes:
        accepted[change.config_key].append(decode(change.value))
    for version in versions:
        made[version.config_key].append((version.version, decode(version.value)))
    assert {key: list(enumerate(values, start=1)) for key, values in accepted.items()} == made
    assert {key: history[-1] for key, history in made.items()} == current
    assert sorted(records) == sorted((change.id, "success", change.version) for change in changes)
    return {
        "changes": len(changes),
        "keys": len(accepted),
        "brought_by_another_task": sum(change.applied_by != change.task_id for change in changes),
    }
