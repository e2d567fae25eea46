"""Describes a tenant's own figures and the platform's state."""

from queueapp.rest.openapi import answers
from queueapp.rest.openapi.operations import Answer, Describer
from queueapp.rest.queues import EventForm, WorkerForm

usage = Describer("Usage")
usage("GET", "/limits", "What holds for one's tenant", {200: Answer("The limits.", answers.Limits)})
usage("GET", "/stats", "How many tasks there are, and what became of them", {200: Answer("Figures.", answers.Stats)})

platform = Describer("Platform")
platform("GET", "/queues", "List the queues", {200: Answer("All of them.", answers.Page[answers.Queue])})
platform(
    "POST",
    "/queues/{name}/pause",
    "Stop claiming of a queue",
    {200: Answer("It is paused; what runs goes on.", answers.Queue)},
)
platform("POST", "/queues/{name}/resume", "Claim of a queue again", {200: Answer("It is open.", answers.Queue)})
platform(
    "GET",
    "/workers",
    "List workers and what they are busy with",
    {200: Answer("The newest 200.", answers.Page[answers.Worker])},
    query=WorkerForm,
)
platform(
    "GET",
    "/security-events",
    "What was refused, the newest first",
    {200: Answer("A page.", answers.Page[answers.SecurityEvent])},
    query=EventForm,
)

about = Describer("About")
about("GET", "/schema", "This description", {200: Answer("OpenAPI 3.1.")}, details="Needs no key.")
about("GET", "/docs", "The same as a page to read", {200: Answer("HTML.")}, details="Needs no key.")
