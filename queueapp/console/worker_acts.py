"""Ending a worker after its task, or a whole cluster: what they run finishes first."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp.console.access import Access
from queueapp.console.confirm import ask, is_done, sent
from queueapp.console.pages import act
from queueapp.console.workers import find
from queueapp.models import Cluster, Task
from queueapp.operators.pauses import MOST_CHARACTERS
from queueapp.operators.workers import drain_cluster, stop_worker
from queueapp.tasks import queries
from queueapp.tasks.queries import WorkerRow


class StopForm(forms.Form):
    reason = forms.CharField(required=False, max_length=MOST_CHARACTERS, help_text="For the record.")


class DrainForm(forms.Form):
    reason = forms.CharField(max_length=MOST_CHARACTERS, help_text="For the record. A drain cannot be taken back.")


@act("workers/<uuid:worker_id>/stop", name="stop_worker", title="Stop a worker", model="worker", platform_only=True)
def stop(request: HttpRequest, access: Access, worker_id: UUID) -> HttpResponse:
    row, form = find(worker_id).row, StopForm(sent(request))
    if is_done(form, lambda: stop_worker(worker_id, form.cleaned_data["reason"])):
        messages.success(request, f"{row.worker} ends after what it runs. It hears of it within a second.")
        return redirect("console:worker", scope=access.scope, worker_id=worker_id)
    touches = [
        *_what_they_hold([row]),
        "What it runs finishes first; what it has claimed and not started goes back.",
        "Its cluster starts a fresh worker in its place.",
    ]
    back = reverse("console:worker", args=[access.scope, worker_id])
    return ask(request, access, form, heading=f"Stop {row.worker}", touches=touches, button="Stop it", back=back)


@act("clusters/<uuid:cluster_id>/drain", name="drain_cluster", title="Drain", model="worker", platform_only=True)
def drain(request: HttpRequest, access: Access, cluster_id: UUID) -> HttpResponse:
    cluster, form = Cluster.objects.filter(id=cluster_id).first(), DrainForm(sent(request))
    if cluster is None:
        raise Http404("There is no such cluster.")
    if is_done(form, lambda: drain_cluster(cluster_id, form.cleaned_data["reason"])):
        messages.success(request, f"The cluster {cluster} drains. It hears of it within some seconds.")
        return redirect("console:workers", scope=access.scope)
    members = [row for row in queries.worker_rows() if row.worker.cluster_id == cluster_id]
    touches = [
        f"Live workers of the cluster: {len(members)}.",
        *_what_they_hold(members),
        "They start nothing more. What they run has the cluster's --drain-seconds to finish, and goes back after that.",
        "Then the cluster ends. Whoever started it, as an orchestrator, may start another.",
    ]
    back = reverse("console:workers", args=[access.scope])
    return ask(
        request, access, form, heading=f"Drain the cluster {cluster}", touches=touches, button="Drain", back=back
    )


def _what_they_hold(rows: Sequence[WorkerRow]) -> list[str]:
    ids = [task["id"] for row in rows for task in row.tasks]
    slugs = Task.objects.filter(id__in=ids).order_by("tenant__slug").values_list("tenant__slug", flat=True).distinct()
    return [f"Tasks held: {len(ids)}, of tenants: {', '.join(slugs) or 'none'}."]
