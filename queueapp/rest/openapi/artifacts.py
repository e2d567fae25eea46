"""Describes artifacts: in and out, and those of a leased task."""

from queueapp.rest.artifacts.uploads import UploadForm
from queueapp.rest.artifacts.views import ArtifactListForm
from queueapp.rest.openapi import answers
from queueapp.rest.openapi.operations import Answer, Describer
from queueapp.rest.toolkit.pagination import PageForm
from queueapp.rest.worker_api.artifacts import AttachForm, HeldArtifactsForm
from queueapp.rest.worker_api.schemas import LeaseForm

FILE = ("Content-Disposition", "ETag")
DOWNLOAD = {
    200: Answer("The bytes, as a file to save.", None, FILE),
    206: Answer("The range that was asked for.", None, (*FILE, "Content-Range")),
    304: Answer("As you have it.", None, ("ETag",)),
}
FORM = "Also as `multipart/form-data`: the same fields, and the content as a part named `file`."
EXAMPLE = {"type": "note", "content_type": "text/plain", "data_base64": "SGVsbG8gd29ybGQ="}
ANYBODY = "00000000-0000-7000-8000-000000000000"

artifacts = Describer("Artifacts")
artifacts(
    "POST",
    "/artifacts",
    "Store an artifact of a task",
    {201: Answer("It is stored.", answers.Artifact, ("Location",))},
    details=f"The content may have `task_max_artifact_mb` of GET /limits. {FORM}",
    body=UploadForm,
    errors=(404,),
    example={"task_id": ANYBODY, **EXAMPLE},
)
artifacts(
    "GET",
    "/artifacts",
    "List artifacts, the newest first",
    {200: Answer("A page.", answers.Page[answers.Artifact])},
    query=ArtifactListForm,
)
artifacts(
    "GET",
    "/artifacts/{artifact_id}",
    "Download an artifact",
    DOWNLOAD,
    details="Its SHA-256 is its ETag. Types that a browser might run come as `application/octet-stream`.",
    headers=("Range", "If-None-Match"),
    errors=(410, 416),
)
artifacts(
    "GET",
    "/artifacts/{artifact_id}/meta",
    "Look at an artifact without its bytes",
    {200: Answer("What is known of it.", answers.Artifact)},
)
artifacts("DELETE", "/artifacts/{artifact_id}", "Delete an artifact", {204: Answer("It is gone.")})
artifacts(
    "GET",
    "/tasks/{task_id}/artifacts",
    "List a task's artifacts, the newest first",
    {200: Answer("A page.", answers.Page[answers.Artifact])},
    query=PageForm,
    errors=(405,),
)

workers = Describer("Workers")
workers(
    "GET",
    "/worker/tasks/{task_id}/artifacts",
    "List the artifacts of a leased task",
    {200: Answer("A page.", answers.Page[answers.Artifact])},
    query=HeldArtifactsForm,
    errors=(409,),
)
workers(
    "POST",
    "/worker/tasks/{task_id}/artifacts",
    "Store an artifact of a leased task",
    {201: Answer("It is stored.", answers.Artifact)},
    details=FORM,
    body=AttachForm,
    errors=(409,),
    example={"lease_token": "1.worker", **EXAMPLE},
)
workers(
    "GET",
    "/worker/tasks/{task_id}/artifacts/{artifact_id}",
    "Download an artifact of a leased task",
    DOWNLOAD,
    query=LeaseForm,
    headers=("Range", "If-None-Match"),
    errors=(409, 410, 416),
)
