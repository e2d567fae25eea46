"""The admin site of our project: Django's, with a throttled login and without the addresses that read any table."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse

from queueapp.console import page_events
from taskrunner.login import LoginForm

# Nothing here uses them, and they read tables outside of any scope, and fail on ids and names of another form.
UNUSED = ("view_on_site", "autocomplete")


class TaskrunnerSite(AdminSite):
    site_header = site_title = "Taskrunner"
    site_url = None  # there is no other page to view
    login_form = LoginForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [each for each in super().get_urls() if getattr(each, "name", None) not in UNUSED]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A throttled attempt is answered 429; somebody who is signed in and may not use the admin leaves an event."""
        if request.method == "GET" and request.user.is_authenticated and not self.has_permission(request):
            asked = request.GET.get(REDIRECT_FIELD_NAME, "")
            page_events.record(request, "forbidden", asked_for=asked[:200])
        response = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if isinstance(form, LoginForm) and form.wait_seconds:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait_seconds)
        return response

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """By POST. An address that was typed or remembered leads to the index, where Django shows a blank 405."""
        if request.method == "POST":
            return super().logout(request, extra_context)
        messages.warning(request, "You are still signed in: press Log out.")
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))
