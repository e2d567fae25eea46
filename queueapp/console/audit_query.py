"""What people did and what was refused, the newest first: whichever filter is given, an index has the order."""

from datetime import UTC, datetime
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from queueapp.console.access import Access
from queueapp.console.confirm import UtcMoment
from queueapp.models import Act
from queueapp.tasks.filters import SLACK, id_at

# a name without its word is searched for under each: an actor is found whole
WORDS = ("operator", "client", "worker", "system", "unknown")
SANE = [MinValueValidator(datetime(1970, 1, 2, tzinfo=UTC)), MaxValueValidator(datetime(9000, 1, 1, tzinfo=UTC))]


class AuditForm(forms.Form):
    """The filters of the list. `before` is the act that the last page ended with."""

    who = forms.CharField(max_length=200, required=False, help_text="A user or key, e.g. ada or client:ci@7oVlQ2xK.")
    what = forms.CharField(
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"list": "actions"}),
        help_text="An action or event, e.g. task.retry.",
    )
    target = forms.CharField(max_length=200, required=False, help_text="What it was done to, whole.")
    since = UtcMoment(required=False, validators=SANE, help_text="UTC.")
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)

    @property
    def given(self) -> dict[str, str]:
        """The filters as they stand in an address, without the page."""
        return {name: self.data[name] for name in ("who", "what", "target", "since") if self.data.get(name)}

    def acts(self, access: Access, most: int, *, before: UUID | None = None) -> list[Act]:
        """Of a valid form, those that match. Needs the scope of `access`, which decides whose are seen."""
        found, who = self._narrowed(access, before or self.cleaned_data["before"]), self.cleaned_data["who"]
        names = [who] if not who or ":" in who else [f"{word}:{who}" for word in WORDS]
        parts = [(found.filter(actor=name) if name else found).order_by("-id")[:most] for name in names]
        if len(parts) == 1:
            return list(parts[0])
        return list(parts[0].union(*parts[1:], all=True).order_by("-id")[:most])

    def _narrowed(self, access: Access, before: UUID | None) -> QuerySet[Act]:
        wanted = self.cleaned_data
        # named once more, so that the database can tell how rare its acts are
        acts = Act.objects.all() if access.is_platform else Act.objects.filter(tenant_id=access.tenant_id)
        if wanted["what"]:
            acts = acts.filter(action=wanted["what"])
        if wanted["target"]:
            acts = acts.filter(target=wanted["target"])
        if wanted["since"]:
            acts = acts.filter(at__gte=wanted["since"], id__gte=id_at(wanted["since"] - SLACK))
        return acts if before is None else acts.filter(id__lt=before)
