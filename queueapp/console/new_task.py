"""Submitting a task from a form that its type's schema makes, also as a copy of an earlier task."""

import hashlib
import json
import re
from dataclasses import dataclass
from pprint import pformat
from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from queueapp.console.access import Access
from queueapp.console.confirm import sent
from queueapp.console.pages import act, show
from queueapp.console.schema_form import ParamsForm, initial_values
from queueapp.errors import FieldError, InvalidTask
from queueapp.handlers import public_handlers
from queueapp.limits.tenant_limits import effective_limits
from queueapp.models import IdempotencyKey, Task, TaskType, Tenant
from queueapp.redaction import masked
from queueapp.rest.toolkit.idempotency import Identity, take_key
from queueapp.rest.toolkit.mount import mounted_at
from queueapp.tasks import submit_again, submit_request
from queueapp.tasks.declared_types import TypeFinder, TypeRules
from queueapp.tasks.diagnosis import unserved
from queueapp.tasks.routing import routing_table

MOST_TENANTS = 1_000
KEY = re.compile(r"[0-9a-f]{32}")


class OptionsForm(forms.Form):
    """How the task is to run. What is left empty is as its type says."""

    queue = forms.ChoiceField(required=False)
    priority = forms.IntegerField(required=False, min_value=1, max_value=10, help_text="1–10, 10 the most urgent.")
    delay_seconds = forms.FloatField(required=False, min_value=0, label="Delay", help_text="Seconds.")
    timeout_seconds = forms.IntegerField(required=False, min_value=1, label="Time-out", help_text="Seconds.")
    labels = forms.CharField(required=False, max_length=1_100, help_text="Separated by commas.")

    def __init__(self, queues: list[str], data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, prefix="o", initial=initial)
        self.fields["queue"] = forms.ChoiceField(
            choices=[("", "as its type and the routes say"), *((name, name) for name in queues)], required=False
        )

    def options(self) -> dict[str, Any]:
        """As a submission names them."""
        labels = [label.strip() for label in self.cleaned_data["labels"].split(",") if label.strip()]
        given = {**self.cleaned_data, "labels": labels}
        return {name: value for name, value in given.items() if value not in (None, "", [])}

    def blame(self, errors: list[FieldError]) -> None:
        """Put errors beside their fields, and those of no field above them all."""
        for error in errors:
            name = error.field.split(".")[0]
            self.add_error(name if name in self.fields else None, error.message)


@dataclass(frozen=True, slots=True)
class Draft:
    """Of which tenant and type a task is to be, and the task that it copies. The rules of an unknown type are None."""

    tenant: Tenant
    type: str
    rules: TypeRules | None
    source: Task | None

    @property
    def schema(self) -> dict[str, Any]:
        if self.rules is None:
            return {}
        return self.rules.params_schema if isinstance(self.rules, TaskType) else self.rules.params.model_json_schema()

    @property
    def context(self) -> dict[str, Any]:
        shown = {"tenant": self.tenant.slug, "type": self.type, "source": self.source}
        return {**shown, "types": _types(self.tenant.pk)}


@act("new", name="new", title="New task", model="task", own_scopes=True)
def new_task(request: HttpRequest, access: Access) -> HttpResponse:
    with access.open():
        draft = _draft(request, access)
        if draft is None:
            return show(request, access, "new_task.html", {"tenants": _tenants()})
        context = draft.context
        if draft.rules is None:
            fault = f"There is no type {draft.type:.200} that this tenant may use." if draft.type else ""
            return show(request, access, "new_task.html", {**context, "fault": fault})
        params, options = _forms(request, draft)
        is_sent = request.method == "POST" and "show" not in request.POST
        if is_sent and (task_id := _submit(request, draft, params, options)) is not None:
            messages.success(request, "Accepted.")
            return redirect("console:task", access.scope, task_id)
        context |= _code(request, draft, params, options)
        queue = routing_table(draft.tenant.pk).queue_for(draft.type, None, draft.rules.queue)
    waits = unserved(Task(tenant_id=draft.tenant.pk, type=draft.type, queue=queue))  # looks across tenants
    shown = {"params": params, "options": options, "key": _key(request), "waits": waits}
    return show(request, access, "new_task.html", {**context, **shown})


def _draft(request: HttpRequest, access: Access) -> Draft | None:
    """None where a tenant must be chosen first. Raises Http404, PermissionDenied."""
    source = _source(request, access)
    tenant = _tenant(request, access, source)
    if tenant is None:
        return None
    type = request.GET.get("type") or (source.type if source else "")
    return Draft(tenant, type, _rules(tenant.pk, type), source)


def _source(request: HttpRequest, access: Access) -> Task | None:
    """The task to copy. Raises Http404, PermissionDenied."""
    named = request.GET.get("copy")
    if not named:
        return None
    if not access.sees_payloads:
        raise PermissionDenied("Parameters are payloads, which you may not see here.")
    try:
        task = Task.objects.select_related("tenant").filter(pk=UUID(named)).first()
    except ValueError:
        task = None
    if task is None:
        raise Http404("There is no such task.")
    return task


def _tenant(request: HttpRequest, access: Access, source: Task | None) -> Tenant | None:
    """Whose task it will be; None where that must be chosen first. Raises Http404."""
    if source is not None:
        return source.tenant
    if access.tenant_id is not None:
        return Tenant.objects.get(pk=access.tenant_id)
    slug = request.GET.get("tenant", "").replace("\x00", "")
    if not slug:
        return None
    tenant = Tenant.objects.filter(slug=slug, active=True).first()
    if tenant is None:
        raise Http404("There is no such tenant.")
    return tenant


def _tenants() -> list[str]:
    return list(Tenant.objects.filter(active=True).order_by("slug").values_list("slug", flat=True)[:MOST_TENANTS])


def _types(tenant_id: UUID) -> list[str]:
    """Those that the tenant may submit, with a handler here or declared by itself."""
    limits = effective_limits(tenant_id)
    declared = TaskType.objects.filter(tenant_id=tenant_id).values_list("type", flat=True)
    return sorted(type for type in {*declared, *(each.type for each in public_handlers())} if limits.allows(type))


def _rules(tenant_id: UUID, type: str) -> TypeRules | None:
    if not effective_limits(tenant_id).allows(type) or "\x00" in type:
        return None
    return TypeFinder(tenant_id).find(type)


def _forms(request: HttpRequest, draft: Draft) -> tuple[ParamsForm, OptionsForm]:
    data = sent(request)
    queues = sorted(routing_table(draft.tenant.pk).queues)
    if draft.source is None:
        return ParamsForm(draft.schema, data), OptionsForm(queues, data, {"priority": 5})
    source = draft.source
    options = {"queue": source.queue, "priority": source.priority, "timeout_seconds": source.timeout_seconds}
    options["labels"] = ", ".join(source.labels or [])
    params = initial_values(draft.schema, masked(source.params, source.secrets))
    return ParamsForm(draft.schema, data, params), OptionsForm(queues, data, options)


def _request(draft: Draft, params: ParamsForm, options: OptionsForm) -> dict[str, Any] | None:
    """The submission, where the forms can be read; else their fields say what is wrong."""
    are_valid = [form.is_valid() for form in (params, options)]
    if not all(are_valid):
        return None
    return {"type": draft.type, "params": params.params(), **options.options()}


def _submit(request: HttpRequest, draft: Draft, params: ParamsForm, options: OptionsForm) -> UUID | None:
    """The id of the task. None where something is wrong, which the forms then say."""
    wanted = _request(draft, params, options)
    if wanted is None:
        return None
    try:
        return _once(draft, _key(request), wanted)
    except InvalidTask as refused:
        options.blame(params.blame(refused.errors))
        return None


def _once(draft: Draft, key: str, wanted: dict[str, Any]) -> UUID:
    """The same form sent twice makes one task; a changed one makes another. Raises InvalidTask."""
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    identity = Identity(f"console {key} {digest}", digest)
    rows = IdempotencyKey.objects.filter(tenant_id=draft.tenant.pk, key=identity.key)
    with transaction.atomic():  # what is refused takes no key
        if take_key(draft.tenant.pk, identity):
            task_id = _submit_new(draft, wanted).pk
            rows.update(task_id=task_id)
            return task_id
    return cast(UUID, rows.get().task_id)  # set by the transaction that took the key


def _submit_new(draft: Draft, wanted: dict[str, Any]) -> Task:
    """A copy names its source and gets its secrets where their mask still stands. Raises InvalidTask."""
    if draft.source is None:
        return submit_request(wanted, tenant_id=draft.tenant.pk)
    changes = {name: value for name, value in wanted.items() if name != "type"}
    return submit_again(draft.source.pk, tenant_id=draft.tenant.pk, **{"labels": [], **changes})


def _key(request: HttpRequest) -> str:
    """The form's own, drawn when it was shown first."""
    key = request.POST.get("key", "")
    return key if KEY.fullmatch(key) else uuid4().hex


def _code(request: HttpRequest, draft: Draft, params: ParamsForm, options: OptionsForm) -> dict[str, Any]:
    """What was filled in as a request with curl and as a call in Python, without its secrets."""
    if "show" not in request.POST or (wanted := _request(draft, params, options)) is None:
        return {}
    shown = masked(wanted)
    body = json.dumps(shown, ensure_ascii=False).replace("'", "'\\''")
    address = request.build_absolute_uri(f"{mounted_at() or ''}/tasks")
    curl = (
        f'curl -X POST {address} -H "Authorization: Bearer $TASKRUNNER_CLIENT_KEY" \\\n'
        f"  -H \"Content-Type: application/json\" \\\n  -d '{body}'"
    )
    rest = {name: value for name, value in shown.items() if name not in ("type", "params")}
    given = "".join(f",\n    {name}={value!r}" for name, value in rest.items())
    call = f"submit(\n    {shown['type']!r},\n    {pformat(shown['params'], sort_dicts=False)}{given},\n)"
    return {"curl": curl, "python": f"from queueapp import submit\n\n{call}"}
