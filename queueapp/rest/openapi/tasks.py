"""Describes submitting tasks, looking at them, and steering them."""

from queueapp.rest.bulk import ReprioritiseForm, VerbForm
from queueapp.rest.openapi import answers
from queueapp.rest.openapi.operations import Answer, Describer
from queueapp.rest.task_list import BulkForm, TaskListForm
from queueapp.rest.task_types import TypeForm
from queueapp.rest.tasks import LogForm, PriorityForm
from queueapp.tasks.requests import TaskRequest

SUBMITTING = ("Idempotency-Key", "Prefer")
RATE = ("RateLimit", "RateLimit-Policy")
ACCEPTED = Answer(
    "Accepted, or the answer of the first time; after a wait, the task as it then is.",
    answers.Task,
    ("Location", "Idempotent-Replayed", "Preference-Applied", *RATE),
)
SHOWN = Answer("The task.", answers.Task, ("ETag",))
EXAMPLE = {"type": "echo", "params": {"greeting": "hello"}}

tasks = Describer("Tasks")
tasks(
    "POST",
    "/tasks",
    "Submit a task",
    {202: ACCEPTED},
    details="The schema of `params` depends on `type`: see the types below, or GET /task-types for declared ones too.",
    body=TaskRequest,
    headers=SUBMITTING,
    errors=(409, 422),
    example=EXAMPLE,
)
tasks(
    "POST",
    "/tasks/{family}/{operation}",
    "Submit a task by its type's own address",
    {202: ACCEPTED},
    details="A task of type `family.operation`. The parameters are the members of the body; everything else that a "
    "task may be given goes into its member `options`.",
    headers=SUBMITTING,
    errors=(409, 422),
)
tasks(
    "POST",
    "/tasks/bulk",
    "Submit several tasks, all or none",
    {202: Answer("All were accepted.", answers.Tasks, ("Idempotent-Replayed", *RATE))},
    body=BulkForm,
    headers=("Idempotency-Key",),
    errors=(409, 422),
    example={"tasks": [EXAMPLE]},
)
tasks(
    "GET",
    "/tasks",
    "List tasks, the newest first",
    {200: Answer("A page.", answers.Page[answers.Task])},
    query=TaskListForm,
)
tasks(
    "GET",
    "/tasks/{task_id}",
    "Look at a task",
    {
        200: Answer("The task.", answers.Task, ("ETag", "Preference-Applied")),
        304: Answer("As you know it.", None, ("ETag",)),
    },
    details="With `Prefer: wait=N` the answer comes when the task has ended, at the latest after N (30) seconds.",
    headers=("Prefer", "If-None-Match"),
)
tasks(
    "PATCH",
    "/tasks/{task_id}",
    "Change a task's priority",
    {200: SHOWN},
    body=PriorityForm,
    headers=("If-Match",),
    errors=(409, 412),
    example={"priority": 10},
)
CANCELLED = {
    200: Answer("It is cancelled.", answers.Task, ("ETag",)),
    202: Answer("Its worker is being stopped.", answers.Task, ("ETag",)),
}
tasks("DELETE", "/tasks/{task_id}", "Cancel a task", CANCELLED, errors=(409,))
tasks("POST", "/tasks/{task_id}/cancel", "Cancel a task", CANCELLED, errors=(409,))
tasks("POST", "/tasks/{task_id}/retry", "Queue a failed, dead or cancelled task again", {200: SHOWN}, errors=(409,))
tasks(
    "GET",
    "/tasks/{task_id}/logs",
    "What happened to a task, the oldest first",
    {200: Answer("A part of the log.", answers.Page[answers.LogEntry])},
    query=LogForm,
    errors=(405,),
)
tasks("GET", "/tasks/{task_id}/why", "What a task waits for", {200: Answer("The reasons.", answers.Why)}, errors=(405,))

for verb, words in {
    "cancel": "Cancel every task that a filter selects",
    "retry": "Queue every failed, dead or cancelled task that a filter selects",
    "redrive": "Queue every dead task that a filter selects",
    "reprioritise": "Change the priority of every task that a filter selects",
}.items():
    priority = {"priority": 1} if verb == "reprioritise" else {}
    tasks(
        "POST",
        f"/tasks/bulk/{verb}",
        words,
        {200: Answer("How many a dry run found.", answers.DryRun), 202: ACCEPTED},
        details="Carried out by a task of its own, which can be followed.",
        body=ReprioritiseForm if priority else VerbForm,
        headers=SUBMITTING,
        errors=(409, 422),
        example={"filter": {"type": "echo"}, "dry_run": True, **priority},
    )

types = Describer("Task types")
types("GET", "/task-types", "List the types there are", {200: Answer("All of them.", answers.Page[answers.TaskType])})
types(
    "POST",
    "/task-types",
    "Declare a type for one's own workers, or replace a declaration",
    {201: Answer("It is declared.", answers.TaskType), 200: Answer("It was declared before.", answers.TaskType)},
    details="The schema is JSON Schema 2020-12 of an object, at most 32 KiB and 1,000 parts; its references lead into "
    "itself, and its patterns have neither look-around nor back-references.",
    body=TypeForm,
    example={
        "type": "studio.narration",
        "params_schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        "max_retries": 2,
    },
)
