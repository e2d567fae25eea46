"""Pages of long tables: counted no further than a cap, found through an index at any depth."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page, Paginator
from django.db.models import Func, OuterRef, UUIDField
from django.utils.functional import cached_property

from queueapp.models import UsedPartition

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
    AnyPage = Page[Any]
else:
    AnyPaginator = Paginator
    AnyPage = Page

MOST_ROWS = 10_000


class CappedPaginator(AnyPaginator):
    """Pages of the first 10,000 rows; what lies behind is reached by a filter."""

    object_list: Any

    @cached_property
    def _found(self) -> int:
        return int(self.object_list.order_by()[: MOST_ROWS + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._found, MOST_ROWS)

    @property
    def count_shown(self) -> str:
        """E.g. `10,000+`."""
        return f"{self.count:,}{'+' if self._found > MOST_ROWS else ''}"


class _Unnest(Func):
    function = "unnest"
    output_field = UUIDField()
    set_returning = True


class TaskPaginator(CappedPaginator):
    """Finds a page's ids in an index first, and reads the rows of that page only.

    Those of a partition stand in its index by the time of their submit. With several `partitions`, it takes the newest
    ids of each and merges them. Asked for all of them at once, the planner walks the primary key from the newest task
    on: through all of it for a queue that has been still.
    """

    partitions: Sequence[int] | None = None

    def page(self, number: int | str) -> AnyPage:
        number = self.validate_number(number)
        end = number * self.per_page
        ids = list(self._newest(end)[end - self.per_page : end])
        return Page(self.object_list.filter(pk__in=ids), number, self)

    def _newest(self, end: int) -> Any:
        if self.partitions is None:
            return self.object_list.values_list("pk", flat=True)
        by_submit = self.object_list.order_by("-created_at", "-pk")
        if len(self.partitions) == 1:
            return by_submit.values_list("pk", flat=True)
        newest = by_submit.filter(partition=OuterRef("pk")).values("pk")[:end]
        partitions = UsedPartition.objects.filter(pk__in=self.partitions)
        partitions = partitions.annotate(newest=_Unnest(ArraySubquery(newest)))
        return partitions.order_by("-newest").values_list("newest", flat=True)
