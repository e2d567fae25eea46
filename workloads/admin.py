"""The admin page of the pages that tenants fetched."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from queueapp.admin.toolkit.model_admin import ReadOnlyAdmin, by_value
from queueapp.redaction import masked_text
from workloads.fetch.models import FetchedPage

TEXT_SHOWN = 20_000


@admin.register(FetchedPage)
class FetchedPageAdmin(ReadOnlyAdmin):
    """Addresses are shown as text: a click on a link would tell the tenant's server who looks at its page."""

    list_display = ("fetched_at", "tenant", "address", "heading", "content_type", "size_bytes")
    ordering = ("-fetched_at",)
    list_select_related = ("tenant",)
    search_fields = ("url",)
    search_help_text = "A whole canonical address."
    large_fields = ("text",)
    fields = (
        *("tenant", "canonical", "requested", "title", "author", "published_at", "fetched_at", "content_type"),
        *("size_bytes", "sha256", "etag", "last_modified", "reader_mode", "beginning"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[FetchedPage]:
        return super().get_queryset(request).defer("search")

    @admin.display(description="url")
    def address(self, page: FetchedPage) -> str:
        return Truncator(masked_text(page.url)).chars(100)

    @admin.display(description="url")
    def canonical(self, page: FetchedPage) -> str:
        return masked_text(page.url)

    @admin.display(description="requested url")
    def requested(self, page: FetchedPage) -> str:
        return masked_text(page.requested_url)

    @admin.display(description="title")
    def heading(self, page: FetchedPage) -> str:
        return Truncator(page.title).chars(100)

    @admin.display(description="text")
    def beginning(self, page: FetchedPage) -> SafeString:
        return format_html('<pre tabindex="0">{}</pre>', Truncator(page.text).chars(TEXT_SHOWN))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return by_value(queryset, "url", search_term), False
