"""The way in: signing in, the choice of a scope, signing out."""

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from queueapp.console.access import choices_of
from queueapp.console.pages import login_url
from queueapp.console.throttled_form import ThrottledForm


class SignIn(LoginView):
    """The console's own page. A throttled attempt is answered 429."""

    form_class = ThrottledForm
    template_name = "queueapp/console/sign_in.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        return reverse("console:start")

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, ThrottledForm) and form.wait_seconds:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait_seconds)
        return response


def choose_scope(request: HttpRequest) -> HttpResponse:
    """Straight to the scope of those who have one, else a list of them."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), login_url())
    choices = choices_of(request.user)
    if len(choices) == 1:
        return redirect("console:overview", scope=choices[0].slug)
    return render(request, "queueapp/console/choose_scope.html", {"choices": choices, "title": "Choose a scope"})


def sign_out(request: HttpRequest) -> HttpResponse:
    """By POST. By GET, as from an address that was remembered, nobody is signed out."""
    if request.method != "POST":
        return redirect("console:start")
    logout(request)
    return HttpResponseRedirect(login_url())
