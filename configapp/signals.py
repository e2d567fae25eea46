"""What processes can be told."""

from django.dispatch import Signal

# Sent in each process that reads the configuration, by the thread that keeps its snapshot, within a second after a
# change was committed; `keys` is the frozenset of keys that read differently now. Not sent for the first snapshot, nor
# in a process that never called get(). Receivers run outside any scope; what they raise is logged.
config_changed = Signal()
