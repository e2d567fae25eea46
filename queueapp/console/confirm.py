"""The page before an act: what it would touch, and what it asks for."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from queueapp.console.access import Access
from queueapp.console.pages import show
from queueapp.errors import TaskrunnerError, ValidationFailure


class UtcMoment(forms.DateTimeField):
    """A moment that people write in UTC, whatever the project's own time zone is."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> Any:
        with timezone.override(UTC):
            return super().to_python(value)


def sent(request: HttpRequest) -> QueryDict | None:
    """What was sent with the form of an act; None where the page is only shown."""
    return request.POST if request.method == "POST" else None


def ask(
    request: HttpRequest,
    access: Access,
    form: forms.Form,
    *,
    heading: str,
    touches: Sequence[str],
    button: str,
    back: str,
) -> HttpResponse:
    """Show what the act would touch, a sentence each, and its form. `back` is where no harm is done."""
    context = {"title": heading, "form": form, "touches": touches, "button": button, "back": back}
    return show(request, access, "confirm.html", context)


def is_done(form: forms.Form, act: Callable[[], Any]) -> bool:
    """Do the act if the form is filled in and the service takes it; a refusal is told beside its field, or on top."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationFailure as refused:
        for each in refused.errors:
            form.add_error(each.field if each.field in form.fields else None, each.message)
        return False
    except TaskrunnerError as refused:
        form.add_error(None, str(refused))
        return False
    return True
