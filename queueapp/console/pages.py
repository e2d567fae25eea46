"""A page of the console is declared once, on its view; its address, its rights and its scope follow from it.

    @page("queues", name="queues", title="Queues", model="queue")
    def queues(request: HttpRequest, access: Access) -> HttpResponse:
        return show(request, access, "queues.html", {"rows": queue_rows()})

    @act("queues/<str:queue>/pause", name="pause", title="Pause a queue", model="queue", platform_only=True)
    def pause(request: HttpRequest, access: Access, queue: str) -> HttpResponse: ...

An act is a page that changes something: by GET it says what it would touch and asks, by POST it does it.
A view runs in the scope of its address, unless it declares `own_scopes`: then it opens `access.open()` itself, as one
does that also looks beyond its tenant, or that streams a file and holds no transaction meanwhile.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypedDict, Unpack

from django.conf import global_settings, settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache

from queueapp.console import page_events
from queueapp.console.access import ADMINISTRATOR, OPERATOR, VIEWER, Access, access_to
from queueapp.models import Membership

View = Callable[..., HttpResponseBase]


class Where(TypedDict, total=False):
    """In which scopes a page is: with the platform only, with one tenant at a time only, or in such as it opens."""

    platform_only: bool
    tenant_only: bool
    own_scopes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is declared of one page. `role` is the least that a tenant's member needs."""

    path: str
    name: str
    title: str
    view: View
    permission: str  # Django's, that staff need
    role: Membership.Role
    acts: bool
    platform_only: bool = False
    tenant_only: bool = False
    own_scopes: bool = False

    @property
    def administers(self) -> bool:
        """Whether it changes keys, members or limits, which the database refuses to all other pages."""
        return self.acts and self.role == ADMINISTRATOR

    def allows(self, access: Access) -> bool:
        return self.is_in(access) and access.allows(self.permission, self.role)

    def is_in(self, access: Access) -> bool:
        """Whether the scope has this page at all."""
        missing = (self.platform_only and not access.is_platform) or (self.tenant_only and access.tenant_id is None)
        return not missing


_pages: dict[str, Page] = {}


@cache
def pages() -> dict[str, Page]:
    """All pages by name, those of every module of this room."""
    for module in iter_modules([str(Path(__file__).parent)], f"{__package__}."):
        import_module(module.name)
    return _pages


def page(path: str, *, name: str, title: str, model: str, **where: Unpack[Where]) -> Callable[[View], View]:
    """Declare a page that shows something, to viewers and to staff who may view this model of queueapp."""
    return _declared(path, name, title, f"queueapp.view_{model}", VIEWER, False, where)


def act(
    path: str, *, name: str, title: str, model: str, role: Membership.Role = OPERATOR, **where: Unpack[Where]
) -> Callable[[View], View]:
    """Declare a page that changes something, for members of at least this role and staff who may change the model."""
    return _declared(path, name, title, f"queueapp.change_{model}", role, True, where)


def _declared(
    path: str, name: str, title: str, permission: str, role: Membership.Role, acts: bool, where: Where
) -> Callable[[View], View]:
    def declare(view: View) -> View:
        _pages[name] = Page(
            path=path, name=name, title=title, view=view, permission=permission, role=role, acts=acts, **where
        )
        return view

    return declare


def urlpatterns_of_pages() -> list[URLPattern]:
    return [
        path(f"<slug:scope>/{each.path}{'/' if each.path else ''}", guarded(each), name=each.name)
        for each in pages().values()
    ]


def guarded(page: Page) -> View:
    """The view for those who may see it, in the scope of its address, rendering included: no row is read later."""

    @never_cache
    @wraps(page.view)
    def view(request: HttpRequest, scope: str, **parameters: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), login_url())
        access = access_to(request.user, scope)
        if access is None or not page.is_in(access):
            return refusal(request, access, 404, "There is no such page, or it is not yours to see.")
        if not page.allows(access):
            return refusal(request, access, 403, "Your role does not allow this. Ask an administrator of this scope.")
        if request.method not in ("GET", "HEAD", *(("POST",) if page.acts else ())):
            return HttpResponseNotAllowed(["GET", "POST"] if page.acts else ["GET"])
        request.console_page = page  # type: ignore[attr-defined]
        return _answered(page, request, access, parameters)

    return view


def _answered(page: Page, request: HttpRequest, access: Access, parameters: dict[str, Any]) -> HttpResponseBase:
    try:
        with nullcontext() if page.own_scopes else access.open(administers=page.administers):
            response = page.view(request, access, **parameters)
            if isinstance(response, SimpleTemplateResponse):
                with access.open():
                    response.render()
            return response
    except Http404 as error:
        return refusal(request, access, 404, str(error) or "There is no such page.")
    except PermissionDenied as error:
        return refusal(request, access, 403, str(error) or "Your role does not allow this.")
    except BadRequest as error:
        return refusal(request, access, 400, str(error))


def login_url() -> str:
    """The project's own page for signing in, where it names one; else the console's."""
    named = settings.LOGIN_URL
    return str(named) if named != global_settings.LOGIN_URL else reverse("console:sign_in")


def show(request: HttpRequest, access: Access, template: str, context: dict[str, Any]) -> TemplateResponse:
    """Render a template of this room in the console's frame."""
    page: Page = request.console_page  # type: ignore[attr-defined]
    shared = {"access": access, "page": page, "title": page.title}
    return TemplateResponse(request, f"queueapp/console/{template}", {**shared, **context})


def refusal(request: HttpRequest, access: Access | None, status: int, message: str) -> HttpResponse:
    """Say no in the console's frame, with a way back."""
    titles = {400: "Bad request", 403: "Not allowed", 404: "Not found"}
    if status in (403, 404):
        page_events.record(request, "forbidden" if status == 403 else "not_visible")
    context = {"access": access, "title": titles[status], "message": message}
    return TemplateResponse(request, "queueapp/console/refusal.html", context, status=status).render()
