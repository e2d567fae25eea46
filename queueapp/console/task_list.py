"""The list of tasks."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError

from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.models import Task
from queueapp.tasks.filters import TaskFilter
from queueapp.validation import field_errors

PAGE_ROWS = 50


@page("tasks", name="tasks", title="Tasks", model="task")
def task_list(request: HttpRequest, access: Access) -> HttpResponse:
    try:
        wanted = TaskFilter.model_validate({name: value for name, value in request.GET.items() if value})
    except ValidationError as error:
        raise BadRequest("; ".join(f"{each.field}: {each.message}" for each in field_errors(error))) from error
    tasks = wanted.narrow(Task.objects.select_related("tenant").order_by("-id"))
    return show(request, access, "task_list.html", {"tasks": tasks[:PAGE_ROWS]})
