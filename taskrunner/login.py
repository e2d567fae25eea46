"""Signing in to the admin: Django's form, which lets staff alone in, throttled as the console's is."""

from django.contrib.admin.forms import AdminAuthenticationForm

from queueapp.console.throttled_form import ThrottledForm


class LoginForm(ThrottledForm, AdminAuthenticationForm):
    """The form of the admin's page."""
