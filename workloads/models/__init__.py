"""The tables of the task families."""

from workloads.models.fetched_pages import FetchedPage

__all__ = ["FetchedPage"]
