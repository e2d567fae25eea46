"""Imports each family, so that its handlers are registered when Django starts."""

from workloads import runner
from workloads.fetch import handlers as fetch
from workloads.search import handlers as search

__all__ = ["fetch", "runner", "search"]
