"""The object store goes away."""

import time
from typing import Any

from taskrunner.devserver.embedded import EmbeddedServers
from tests.chaos.scenarios import attached
from tests.chaos.world import World


def s3_stopped(world: World, servers: EmbeddedServers, scale: float) -> dict[str, Any]:
    """The object store is stopped for half a minute while tasks attach: they wait or are tried again, and finish."""
    seconds = {"up": max(2, int(10 * scale)), "away": max(4, int(30 * scale)), "back": max(2, int(10 * scale))}
    canaries = {}
    for phase, length in seconds.items():
        if phase == "away":
            world.s3.stop()
        elif phase == "back":
            world.s3.start()
        ends = time.monotonic() + length
        while time.monotonic() < ends:
            world.submit_attaching(20)
            time.sleep(0.5)
        canaries[f"canary_seconds_while_{phase}"] = world.canary_seconds()
    return {"seconds": seconds, **canaries, "seconds_to_finish": world.heal(seconds=300), **attached.judge()}
