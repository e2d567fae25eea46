"""Describes the configuration."""

from configapp.api import answers, forms
from queueapp.api.pages import PageForm
from queueapp.api.schema import Answer, Describer
from queueapp.api.schema.answers import Page

KEY = {
    "schema": {
        "type": "string",
        "pattern": r"^[a-zA-Z0-9_]{2,}(\.[a-zA-Z0-9_]{2,})+$",
        "minLength": 5,
        "maxLength": 64,
    },
    "example": "app.api_port",
}
ACCEPTED = Answer(
    "Accepted; after a wait, the change as it then is.", answers.Change, ("Location", "Preference-Applied")
)
CHANGING = ("If-Match", "Prefer")
APPLIED = "A task applies it, in the order of acceptance of each key; every refusal is recorded."
EXAMPLE = {"key": "app.api_port", "value": 9000}

config = Describer("Configuration", {"key": KEY})
config("GET", "/config", "List the keys and what holds", {200: Answer("All of them.", Page[answers.Setting])})
config(
    "POST",
    "/config",
    "Change a key",
    {202: ACCEPTED},
    details=APPLIED,
    body=forms.ChangeForm,
    headers=CHANGING,
    errors=(412,),
    example=EXAMPLE,
)
config(
    "POST",
    "/config/bulk",
    "Change several keys, all or none",
    {202: Answer("All were accepted.", answers.Changes, ("Location", "Preference-Applied"))},
    details="One task applies them in one transaction. A refusal names every bad item by its place in the list.",
    body=forms.ChangesForm,
    headers=("Prefer",),
    example=[EXAMPLE, {"key": "app.debug", "value": "false"}],
)
config(
    "POST",
    "/config/validate",
    "Ask whether a change would be accepted",
    {200: Answer("It would.", answers.Validity)},
    details="Nothing is changed or recorded.",
    body=forms.ChangeForm,
    example=EXAMPLE,
)
config(
    "GET",
    "/config/audit",
    "What became of every attempt to change something",
    {200: Answer("A page, the newest first.", Page[answers.Record])},
    query=forms.AuditForm,
)
config("GET", "/config/export", "What the database holds", {200: Answer("Values by key.", answers.Export)})
config(
    "GET",
    "/config/{key}",
    "Look at a key",
    {200: Answer("What holds for it, its bounds, and what waits.", answers.DetailedSetting, ("ETag",))},
)
config(
    "PUT",
    "/config/{key}",
    "Change this key",
    {202: ACCEPTED},
    details=APPLIED,
    body=forms.ValueForm,
    headers=CHANGING,
    errors=(412,),
    example={"value": 9000},
)
config(
    "DELETE",
    "/config/{key}",
    "Go back to the default of a key",
    {202: ACCEPTED},
    details="Its history stays.",
    headers=CHANGING,
    errors=(412,),
)
config(
    "GET",
    "/config/{key}/history",
    "The versions of a key",
    {200: Answer("A page, the newest first.", Page[answers.Version])},
    query=PageForm,
)
config(
    "POST",
    "/config/{key}/rollback",
    "Go back to an earlier version of a key",
    {202: ACCEPTED},
    details="It becomes a new version.",
    body=forms.RollbackForm,
    headers=CHANGING,
    errors=(412,),
    example={"version": 1},
)
