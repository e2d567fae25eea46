"""Claiming: how a worker takes a batch of ready tasks, in the order of the queue's strategy."""

from queueapp.claiming.claimer import Claimed, Claimer
from queueapp.claiming.partitions import Capabilities

__all__ = ["Capabilities", "Claimed", "Claimer"]
