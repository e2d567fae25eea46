"""python -m tests.chaos [--scenario NAME …] [--scale 1.0] [--seed N] [--json]

Starts PostgreSQL and Redis of its own, hurts a cluster as told, and lets the oracle judge. Exit code 1 if it finds
anything. The seed decides what is hurt when; it is printed first.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import django

from taskrunner.devserver.embedded import EmbeddedServers
from tests.s3 import S3Server

SCENARIOS = (
    *("kills", "redis_flushed", "redis_stopped", "redis_frozen", "hostile_redis"),
    *("postgres_restarted", "postgres_frozen", "read_only", "standby_promoted", "pooled"),
    *("terminated", "stopped", "deploys", "clock_stepped", "interpreter_held", "handlers_from_hell"),
    *("every_second", "s3_stopped", "config_storm", "config_survives"),
)
# Faults that a scenario brings about by itself: crashes where it kills workers, or stops them until others own their
# tasks; a log that does not read in order where it steps PostgreSQL's clock back.
KILLING = ("kills", "pooled", "stopped", "every_second", "config_storm", "config_survives")
ALLOWED = {
    **dict.fromkeys(KILLING, ("honest_crashes", "honest_dead_letters")),
    "clock_stepped": ("audit_gaps", "audit_ends_elsewhere"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="All of them by default.")
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: at length; 0.05: a minute in all.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--json", action="store_true", help="Only the results, as one JSON document.")
    options = parser.parse_args()
    results = {}
    for scenario in options.scenario or SCENARIOS:
        if not options.json:
            print(f"\n== {scenario} (seed {options.seed}, scale {options.scale:g})", flush=True)
        results[scenario] = run(scenario, options.scale, options.seed)
        if not options.json:
            print(json.dumps(results[scenario], indent=2), flush=True)
    if options.json:
        print(json.dumps({"seed": options.seed, "scale": options.scale, "results": results}))
    return 1 if any(result["faults"] for result in results.values()) else 0


def run(scenario: str, scale: float, seed: int) -> dict[str, object]:
    """One scenario on fresh servers, in a process of its own since Django connects to one database a process."""
    with tempfile.TemporaryDirectory(prefix="taskrunner-chaos-") as directory:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            result = _in_child(scenario, scale, seed, Path(directory))
            with os.fdopen(writing, "w") as pipe:
                json.dump(result, pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
    if not answer:
        raise SystemExit(f"{scenario} ended without a result; see the traceback above")
    return dict(json.loads(answer))


def _in_child(scenario: str, scale: float, seed: int, directory: Path) -> dict[str, object]:
    with EmbeddedServers(directory) as servers, ExitStack() as stack:
        os.environ.update(servers.environment(), ARTIFACTS_DIRECTORY=str(directory / "artifacts"))
        s3 = S3Server(directory / "s3")
        if scenario.startswith("s3"):
            stack.callback(s3.stop)
            s3.start()
            os.environ.update(s3.variables)
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
        os.environ.setdefault("CONFIG_ENCRYPTION_KEYS", secrets.token_urlsafe(32))
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], check=True)
        django.setup()
        # now that there is a Django to import them into
        scenarios, world_module, oracle = (
            import_module(f"tests.chaos.{name}") for name in ("scenarios", "world", "oracle")
        )
        world = world_module.World(seed, directory, s3)
        try:
            started = time.monotonic()
            figures = scenarios.SCENARIOS[scenario](world, servers, scale)
            findings = oracle.audit(world.submitted, world.marks)
        finally:
            world.close()
        return {
            "seconds": round(time.monotonic() - started, 1),
            "figures": figures,
            "findings": asdict(findings),
            "faults": findings.faults(allowed=ALLOWED.get(scenario, ())),
        }


if __name__ == "__main__":
    sys.exit(main())
