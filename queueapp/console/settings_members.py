"""Who belongs to a tenant: added, changed, removed. In `single` there are no members, nor these pages."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp.console.access import ADMINISTRATOR, Access
from queueapp.console.confirm import ask, is_done, sent
from queueapp.console.pages import act
from queueapp.console.settings import members_of, tenant_of
from queueapp.models import Membership, Tenant
from queueapp.operators.members import add_member, change_member, remove_member

ROLES = (
    (Membership.Role.VIEWER, "viewer: sees everything of the tenant"),
    (Membership.Role.OPERATOR, "operator: also submits, retries and cancels"),
    (Membership.Role.ADMINISTRATOR, "administrator: also makes keys, lowers limits and changes members"),
)


class MemberForm(forms.Form):
    """What a member may do."""

    role = forms.ChoiceField(choices=ROLES)
    sees_payloads = forms.BooleanField(
        required=False, label="Sees payloads", help_text="Parameters, results and artifacts of tasks."
    )


class NewMemberForm(MemberForm):
    """The same, and who it is."""

    username = forms.CharField(max_length=150, label="User name", help_text="As the person signs in.")
    field_order = ("username", "role", "sees_payloads")


@act(
    "settings/members/new",
    name="member_new",
    title="Add a member",
    model="membership",
    role=ADMINISTRATOR,
    tenant_only=True,
)
def member_new(request: HttpRequest, access: Access) -> HttpResponse:
    tenant = tenant_of(access)
    members_of(tenant)
    form = NewMemberForm(sent(request))

    def add() -> None:
        given = form.cleaned_data
        role = Membership.Role(given["role"])
        add_member(tenant, given["username"], role, sees_payloads=given["sees_payloads"])

    if is_done(form, add):
        messages.success(request, f"{form.cleaned_data['username']} is a member now.")
        return redirect("console:settings", access.scope)
    touches = [f"This person will see the tasks of {tenant.slug}."]
    return _asked(request, access, form, "Add a member", touches, "Add")


@act(
    "settings/members/<uuid:member_id>",
    name="member",
    title="Change a member",
    model="membership",
    role=ADMINISTRATOR,
    tenant_only=True,
)
def member(request: HttpRequest, access: Access, member_id: UUID) -> HttpResponse:
    tenant = tenant_of(access)
    row = _member(tenant, member_id)
    present = {"role": row.role, "sees_payloads": row.sees_payloads}
    form = MemberForm(sent(request), initial=present)

    def change() -> None:
        role = Membership.Role(form.cleaned_data["role"])
        change_member(tenant, row, role, sees_payloads=form.cleaned_data["sees_payloads"])

    name = row.user.get_username()
    if is_done(form, change):
        messages.success(request, f"{name} is {form.cleaned_data['role']} now.")
        return redirect("console:settings", access.scope)
    touches = [f"What {name} may do in {tenant.slug}, from the next page on."]
    return _asked(request, access, form, f"Change {name}", touches, "Change")


@act(
    "settings/members/<uuid:member_id>/remove",
    name="member_remove",
    title="Remove a member",
    model="membership",
    role=ADMINISTRATOR,
    tenant_only=True,
)
def member_remove(request: HttpRequest, access: Access, member_id: UUID) -> HttpResponse:
    tenant = tenant_of(access)
    row = _member(tenant, member_id)
    form = forms.Form(sent(request))
    name = row.user.get_username()
    if is_done(form, lambda: remove_member(tenant, row)):
        messages.success(request, f"{name} is no member any more.")
        return redirect("console:settings", access.scope)
    touches = [f"{name} sees nothing of {tenant.slug} from the next page on. The user's account stays."]
    return _asked(request, access, form, f"Remove {name}", touches, "Remove")


def _member(tenant: Tenant, member_id: UUID) -> Membership:
    row = members_of(tenant).filter(pk=member_id).first()
    if row is None:
        raise Http404("There is no such member.")
    return row


def _asked(
    request: HttpRequest, access: Access, form: forms.Form, heading: str, touches: list[str], button: str
) -> HttpResponse:
    back = reverse("console:settings", args=[access.scope])
    return ask(request, access, form, heading=heading, touches=touches, button=button, back=back)
