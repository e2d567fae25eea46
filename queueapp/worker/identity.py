"""Which process a process is. See queueapp/process_identity.py."""

from queueapp.process_identity import is_same_process, machine, start_ticks

__all__ = ["is_same_process", "machine", "start_ticks"]
