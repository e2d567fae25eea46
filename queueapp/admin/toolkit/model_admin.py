"""What all our admin pages share: lists that stay cheap whatever the history, and who may do what."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern

from queueapp.admin.toolkit.closed_list import ClosedList
from queueapp.admin.toolkit.pagination import CappedPaginator
from queueapp.tenancy import current_scope, operator_scope

if TYPE_CHECKING:  # these take their type arguments in the stubs only
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm


class BrowseList(ClosedList):
    """A list in one order, whatever the URL asks for: an order without an index sorts the whole history."""

    model_admin: "OperatorAdmin"

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.get_ordering(request))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        # a list shows none of the large columns
        return super().get_queryset(request, exclude_parameters).defer(*self.model_admin.large_fields)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.dress(self.result_list)


class OperatorAdmin(ModelAdmin):
    """Pages of one table, each in its operator's scope. Nothing is deleted; actions need the permission to change."""

    paginator = CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    large_fields: tuple[str, ...] = ()
    changelist: type[BrowseList] = BrowseList

    class Media:
        css = {"all": ("queueapp/admin.css",)}  # noqa: RUF012 (declared so by Django)

    @property
    def urls(self) -> list[URLPattern]:
        return [self._in_operator_scope(page) for page in self.get_urls()]

    def _in_operator_scope(self, page: URLPattern) -> URLPattern:
        """The page with its view in the scope of who asks, rendering included: columns are read while it renders."""
        view: Callable[..., HttpResponse] = page.callback

        @wraps(view)
        def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.admin_site.has_permission(request):
                return view(request, *args, **kwargs)  # which leads to the login
            with operator_scope(f"operator:{request.user.get_username()}"):
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                return response

        return URLPattern(page.pattern, scoped, page.default_args, page.name)

    def dress(self, rows: list[Any]) -> None:
        """Attach to the rows of a page what their columns need and the table does not hold."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the user may run actions; actions name it as `permissions=["operate"]`."""
        return self.has_change_permission(request)

    def get_search_fields(self, request: HttpRequest) -> list[str] | tuple[str, ...]:
        """None outside of a page's scope, where Django's address for completing a name would read our tables."""
        return super().get_search_fields(request) if current_scope() else ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters that the page offers: any other column would be searched without an index."""
        return lookup in {getattr(item, "parameter_name", item) for item in self.list_filter}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return self.changelist

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.method == "POST" and not self.has_operate_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], action_location: Any = None
    ) -> HttpResponse | None:
        try:
            queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        except ValidationError as error:
            raise BadRequest("A selected id is invalid.") from error
        return super().response_action(request, queryset, **located(action_location))


class ReadOnlyAdmin(OperatorAdmin):
    """Pages of a table that people may only look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def located(action_location: Any) -> dict[str, Any]:
    """The argument that Django's methods of actions have from 6.1 on."""
    return {} if action_location is None else {"action_location": action_location}


def is_for_all_that_match(request: HttpRequest) -> bool:
    """Whether an action is for every row that the filters match and not for those ticked, as Django reads the form."""
    field = ActionForm.base_fields["select_across"]
    return bool(field.clean(request.POST.get("select_across")))


def by_id(rows: QuerySet[Any], field: str, term: str) -> QuerySet[Any]:
    """The search of our lists: a whole id, found through an index, or nothing."""
    if not term:
        return rows
    try:
        return rows.filter(**{field: UUID(term.strip())})
    except ValueError:
        return rows.none()


def by_value(rows: QuerySet[Any], field: str, term: str) -> QuerySet[Any]:
    """The search for a whole value of a text. PostgreSQL knows no NUL character, so no value has one."""
    wanted = term.strip().replace("\x00", "")
    return rows.filter(**{field: wanted}) if term else rows
