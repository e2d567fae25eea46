"""Imports each family, so that its handlers are registered when Django starts."""

from workloads import runner

__all__ = ["runner"]
