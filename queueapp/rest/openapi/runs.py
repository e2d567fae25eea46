"""Describes runs, metrics and notes."""

from queueapp.rest.openapi import answers
from queueapp.rest.openapi.operations import Answer, Describer
from queueapp.rest.runs import RunForm
from queueapp.rest.toolkit.pagination import PageForm

runs = Describer("Runs")
runs(
    "GET",
    "/runs",
    "List runs, the newest first",
    {200: Answer("A page.", answers.Page[answers.Run])},
    details="Types that keep runs leave one for each attempt; `run_key` says which work it was.",
    query=RunForm,
)
runs(
    "GET",
    "/runs/{run_id}",
    "Look at a run",
    {200: Answer("The run, with its first thousand metrics and notes.", answers.RunInFull)},
)
runs(
    "GET",
    "/tasks/{task_id}/metrics",
    "What a task measured, the newest first",
    {200: Answer("A page.", answers.Page[answers.Metric])},
    query=PageForm,
    errors=(405,),
)
runs(
    "GET",
    "/tasks/{task_id}/notes",
    "What a task noted, the newest first",
    {200: Answer("A page.", answers.Page[answers.Note])},
    query=PageForm,
    errors=(405,),
)
