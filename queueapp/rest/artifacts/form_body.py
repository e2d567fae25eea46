"""A multipart body: its file goes to an intake while it arrives, its fields are members as in JSON."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.errors import FieldError
from queueapp.rest.toolkit.errors import InvalidRequest
from queueapp.rest.toolkit.strict_json import parse_json

FILE = "file"


class BufferedUploadHandler(FileUploadHandler):
    """Takes one file, of the field `file`."""

    def __init__(self, intake: UploadBuffer) -> None:
        super().__init__()
        self._intake = intake
        self.has_file = False

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        if field_name != FILE or self.has_file:
            raise _refusal(field_name, "given_twice" if field_name == FILE else "extra_forbidden", "one file is taken")
        self.has_file = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._intake.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        return None


def read_form(request: HttpRequest, intake: UploadBuffer) -> dict[str, Any]:
    """The fields, `metadata` read as JSON, with what the file's own header says for what is missing.

    Raises InvalidRequest, MalformedJson, ArtifactTooLarge, RequestDataTooBig.
    """
    handler = BufferedUploadHandler(intake)
    request.upload_handlers = [handler]
    try:
        given = request.POST
    except RequestDataTooBig:
        raise
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise InvalidRequest(f"The form cannot be read: {error}") from None
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


def _refusal(field: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors=[FieldError(field, code, message)])
