"""The scenarios, by what they hurt. Each waits until the world has healed; the oracle judges afterwards."""

from tests.chaos.scenarios.clocks import clock_stepped
from tests.chaos.scenarios.configuration import config_storm, config_survives
from tests.chaos.scenarios.deploys import deploys
from tests.chaos.scenarios.handlers import handlers_from_hell, interpreter_held
from tests.chaos.scenarios.object_store import s3_stopped
from tests.chaos.scenarios.postgres import pooled, postgres_frozen, postgres_restarted
from tests.chaos.scenarios.processes import kills, stopped, terminated
from tests.chaos.scenarios.redis import hostile_redis, redis_flushed, redis_frozen, redis_stopped
from tests.chaos.scenarios.schedules import every_second
from tests.chaos.scenarios.unwritable import read_only, standby_promoted

SCENARIOS = {
    function.__name__: function
    for function in (
        *(kills, redis_flushed, redis_stopped, redis_frozen, hostile_redis),
        *(postgres_restarted, postgres_frozen, read_only, standby_promoted, pooled, terminated),
        *(stopped, deploys, clock_stepped, interpreter_held, handlers_from_hell),
        every_second,
        *(s3_stopped, config_storm, config_survives),
    )
}
