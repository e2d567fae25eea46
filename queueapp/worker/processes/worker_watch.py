"""Which workers the supervisor must end, and what that means for the attempt that each was executing.

A worker's watchdog says several times a second that it lives. One that is silent may be computing in C code that keeps
the interpreter: then the processor time that it uses says so.
"""

from dataclasses import dataclass

from queueapp.process_identity import ProcessStat
from queueapp.tasks.deaths import Ending
from queueapp.worker.processes.shared_memory import AsksToEnd, Slot

SILENT_SECONDS = 5.0
IDLE_SECONDS = 10.0  # without the processor
COMPUTING_TICKS = 10  # in so many seconds: threads that merely wait for the interpreter use less
BETWEEN_TASKS_SECONDS = 30.0  # how long a silent worker may compute where no attempt's limit ends it
GRACE_SECONDS = 5.0

WORDS = {
    AsksToEnd.DATABASE_SILENT: "the database did not answer it until its leases had run out",
    AsksToEnd.DRAIN_DISOBEYED: "its task did not obey the end of the drain",
    AsksToEnd.NOT_SIGNED_OFF: "it ended while the database was away",
    AsksToEnd.LOOP_BLOCKED: "something blocks its event loop, and a task on it has exceeded its limit",
}
SILENT_BESIDE_SECONDS = 1.0  # then the watchdog cannot have said over which of several attempts


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a process must be ended."""

    reason: str
    ending: Ending


@dataclass(slots=True)
class Activity:
    """The moment at which a process was last seen to have used the processor."""

    cpu_ticks: int
    at: float


class WorkerWatch:
    """Judges the processes in the slots. `now` is time.monotonic()."""

    def __init__(self, now: float) -> None:
        self.restarted_at = now  # before it nothing counts as silence
        self._activity: dict[int, Activity] = {}  # by id() of a slot: a new process in it is heard of at once

    def restart(self, now: float) -> None:
        """Nobody ran for a while, we ourselves neither: how long a worker was silent means nothing."""
        self.restarted_at = now
        self._activity.clear()

    def judge(self, slot: Slot, stat: ProcessStat, now: float) -> Verdict | None:
        """None where the worker may live on."""
        if slot.asks_to_end:
            ending = Ending.UNCLEAR if slot.asks_to_end == AsksToEnd.LOOP_BLOCKED else Ending.RELEASED
            return Verdict(WORDS[AsksToEnd(slot.asks_to_end)], ending)
        silent_seconds = now - max(slot.heartbeat_at, self.restarted_at)
        if (kill_at := slot.first_limit) and now > max(kill_at, self.restarted_at + GRACE_SECONDS):
            is_unclear = slot.is_crowded and silent_seconds > SILENT_BESIDE_SECONDS
            return Verdict("its task did not obey its limit", Ending.UNCLEAR if is_unclear else Ending.TIMED_OUT)
        if silent_seconds <= SILENT_SECONDS:
            self._activity[id(slot)] = Activity(stat.cpu_ticks, now)
            slot.is_computing = 0
            return None
        if stat.is_stopped:
            return Verdict("it is stopped", Ending.RELEASED)
        if self._idle_seconds(slot, stat, now) > IDLE_SECONDS:
            return Verdict("it is silent and does nothing", Ending.CRASHED)
        if not kill_at and silent_seconds > BETWEEN_TASKS_SECONDS:
            return Verdict("it is silent between two tasks", Ending.CRASHED)
        slot.is_computing = 1
        return None

    def _idle_seconds(self, slot: Slot, stat: ProcessStat, now: float) -> float:
        activity = self._activity.setdefault(id(slot), Activity(stat.cpu_ticks, now))
        # one that waits for its turn at the processor is not idle
        if stat.is_running or stat.cpu_ticks - activity.cpu_ticks >= COMPUTING_TICKS:
            activity.cpu_ticks, activity.at = stat.cpu_ticks, now
        return now - activity.at
