"""Every address of the console, mounted at any path: `path("console/", include("queueapp.console.urls"))`."""

from django.urls import path

from queueapp.console.entry import SignIn, choose_scope, sign_out
from queueapp.console.pages import urlpatterns_of_pages

app_name = "console"
urlpatterns = [
    path("", choose_scope, name="start"),
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_out, name="sign_out"),
    *urlpatterns_of_pages(),
]
