"""Imports each family, so that its handlers are registered when Django starts."""

from workloads import runner
from workloads.fetch import handlers as fetch

__all__ = ["fetch", "runner"]
