"""The body of an upload, JSON or multipart, goes into a buffer while it arrives."""

from typing import IO, Annotated, Any, cast
from uuid import UUID

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.db import connections
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from pydantic import Field

from queueapp.artifacts.service import ArtifactDescription, ArtifactType, ContentType, Metadata
from queueapp.artifacts.upload_buffer import PIECE_BYTES, UploadBuffer
from queueapp.errors import FieldError, TaskrunnerError
from queueapp.rest.artifacts.streaming_json import OTHER_BYTES, read_json
from queueapp.rest.toolkit.errors import InvalidRequest, UnsupportedBody
from queueapp.rest.toolkit.strict_json import parse_json
from queueapp.rest.toolkit.whole_body import tail_of
from queueapp.validation import RequestModel

# with padding, and with line ends anywhere, as in MIME
LETTER, END = r"[A-Za-z0-9+/][\r\n]*", r"(=[\r\n]*)"
BASE64 = rf"^[\r\n]*(({LETTER}){{4}})*(({LETTER}){{2}}{END}{{2}}|({LETTER}){{3}}{END})?$"
FILE = "file"
AS_FORM = "Also as `multipart/form-data`: the same fields, and the content as a part named `file`."
EXAMPLE = {"type": "note", "content_type": "text/plain", "data_base64": "SGVsbG8gd29ybGQ="}


class ContentRequest(RequestModel):
    """An artifact as JSON. As multipart/form-data: the same fields, and the content as a part named `file`."""

    type: ArtifactType
    content_type: ContentType = "application/octet-stream"
    data_base64: Annotated[str, Field(json_schema_extra={"pattern": BASE64})] = Field(
        description="The content; may be as long as the largest artifact takes."
    )
    metadata: Metadata = Field({}, description="At most 16 KiB; `filename` becomes the name of the download.")

    @property
    def description(self) -> ArtifactDescription:
        return ArtifactDescription(type=self.type, content_type=self.content_type, metadata=self.metadata)


class UploadRequest(ContentRequest):
    """The same, with its task."""

    task_id: UUID


def read_upload(request: HttpRequest, buffer: UploadBuffer) -> dict[str, Any]:
    """The members of a body; its content goes to the buffer. Raises ApiError, ArtifactTooLarge."""
    connections.close_all()  # a client may take its time to send
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedBody("Send the body as it is: compressed ones are not read.")
    try:
        if request.content_type == "multipart/form-data":
            return _read_form(request, buffer)
        if request.content_type != "application/json":
            raise UnsupportedBody("Send JSON (`application/json`) or a form (`multipart/form-data`).")
        members = read_json(cast(IO[bytes], request), buffer)
    except TaskrunnerError:
        _discard_rest(request, buffer.limit)
        raise
    if not isinstance(members, dict):
        error = FieldError("body", "not_an_object", "must be a JSON object")
        raise InvalidRequest("The body must be a JSON object.", errors=[error])
    return members


def _discard_rest(request: HttpRequest, limit: int) -> None:
    """Up to twice what the largest body has: a client that is cut off while sending would not see the answer."""
    left = 2 * (limit * 4 // 3 + OTHER_BYTES)
    try:
        while left > 0 and (piece := request.read(PIECE_BYTES)):
            left -= len(piece)
    except OSError:
        return  # the client has gone


class BufferedUploadHandler(FileUploadHandler):
    """Takes one file, of the field `file`."""

    def __init__(self, buffer: UploadBuffer) -> None:
        super().__init__()
        self._buffer = buffer
        self.has_file = False

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        if field_name != FILE or self.has_file:
            raise _refusal(field_name, "given_twice" if field_name == FILE else "extra_forbidden", "one file is taken")
        self.has_file = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._buffer.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        return None


def _read_form(request: HttpRequest, buffer: UploadBuffer) -> dict[str, Any]:
    """The fields, `metadata` read as JSON, with what the file's own header says for what is missing.

    Raises InvalidRequest, MalformedJson, ArtifactTooLarge, RequestDataTooBig.
    """
    handler = BufferedUploadHandler(buffer)
    request.upload_handlers = [handler]
    try:
        given = request.POST
    except RequestDataTooBig:
        raise
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise InvalidRequest(f"The form cannot be read: {error}") from None
    if not _is_closed(request):
        raise InvalidRequest("The form is cut off: its last boundary is missing.")
    for name, values in given.lists():
        if len(values) > 1:
            raise _refusal(name, "given_twice", "may be given once")
    if not handler.has_file:
        raise _refusal(FILE, "missing", "a part of this name with the content is missing")
    members: dict[str, Any] = {"content_type": handler.content_type or "application/octet-stream", **given.dict()}
    metadata = parse_json(str(members.pop("metadata", "{}")).encode())
    if handler.file_name and isinstance(metadata, dict):
        metadata = {"filename": handler.file_name, **metadata}
    return {**members, "metadata": metadata, "data_base64": ""}


def _is_closed(request: HttpRequest) -> bool:
    """Django's parser takes a form without its last boundary for a whole one."""
    boundary = (request.content_params or {}).get("boundary", "")
    return f"--{boundary}--".encode("latin-1") in tail_of(request)


def _refusal(field: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors=[FieldError(field, code, message)])
