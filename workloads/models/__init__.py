"""The tables of the task families."""

from workloads.fetch.models import FetchedPage

__all__ = ["FetchedPage"]
