"""Lists that fail closed: an address that cannot be read selects nothing, where Django's shows everything."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

UNREADABLE = "The address could not be read as filters or a page of this list, so nothing is selected."


class ClosedList(ChangeList):
    """Beside "select all" and an action, everything would be the most dangerous answer to a typing error."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        return rows if self._is_readable(request) else rows.none()

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if ERROR_FLAG in request.GET and request.method == "GET":
            messages.error(request, UNREADABLE)

    def _is_readable(self, request: HttpRequest) -> bool:
        """Django leads away from filters and pages that it cannot read, with a flag; of a search it tells by itself."""
        return ERROR_FLAG not in request.GET and self.search_form_class(request.GET).is_valid()
