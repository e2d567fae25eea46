"""Imports each family, so that its handlers are registered when Django starts."""

from workloads import runner
from workloads.search import handlers as search

__all__ = ["runner", "search"]
