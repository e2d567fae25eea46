"""What is sent and what comes back, without doing it: the steps of a call are the same for both clients.

An operation is a generator. It yields a Request to send or a Pause to make, is told what came of it, and returns what
the call returns. So the rules of repeating stand here once, and a client is a loop of a few lines.
"""

import hashlib
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from random import uniform
from typing import Any, BinaryIO, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from taskrunner_client.errors import Busy, ClientError, ProblemDocument, UnexpectedAnswer, Unreachable, kind_of

# A server that is busy, restarts or is limiting the tenant; and what proxies say of one that they do not reach.
TEMPORARY = frozenset({429, 502, 503, 504})
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0

Result = TypeVar("Result")
Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request:
    """One that may be sent twice: it reads, it does nothing a second time, or it bears an Idempotency-Key."""

    method: str
    path: str  # below the root of the API
    json: Any = None
    form: Mapping[str, str] | None = None
    file: tuple[str, BinaryIO, str] | None = None  # its name, content and type: the part `file` of a form
    into: tuple[BinaryIO, int] | None = None  # the file that takes the body of the answer, and from where on
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_seconds: int = 0  # how long the server may wait for the end of a task

    def as_httpx(self, timeout_seconds: float) -> dict[str, Any]:
        """As the arguments of httpx."""
        preference = {"Prefer": f"wait={self.wait_seconds}"} if self.wait_seconds else {}
        return {
            "method": self.method,
            "url": self.path,
            "json": self.json,
            "data": self.form,
            "files": {"file": self.file} if self.file else None,
            "headers": {**self.headers, **preference},
            "timeout": httpx.Timeout(timeout_seconds, read=timeout_seconds + self.wait_seconds),
        }


@dataclass(frozen=True, slots=True)
class Pause:
    """Let so much time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole one. `content` is empty where it went into a file; `sha256` is that of the body in any case."""

    status: int
    headers: httpx.Headers
    content: bytes
    sha256: str

    @property
    def retry_after_seconds(self) -> float | None:
        """A number, or a date as proxies may send it; None for what is neither."""
        text = self.headers.get("Retry-After", "")
        try:
            return max(0.0, float(text) if text.isdigit() else _seconds_until(text))
        except (ValueError, TypeError):  # TypeError: of a date without a zone
            return None

    def as_document(self, kind: type[Document]) -> Document:
        """Raises UnexpectedAnswer."""
        try:
            return kind.model_validate_json(self.content)
        except ValidationError:
            raise UnexpectedAnswer(self.status, self.content.decode(errors="replace")) from None

    def refusal(self) -> ClientError:
        """The exception that stands for it."""
        try:
            document = self.as_document(ProblemDocument)
        except UnexpectedAnswer as error:
            return error
        return kind_of(document)(document, self.retry_after_seconds, self.headers.get("X-Request-Id", ""))


Outcome = Answer | httpx.RequestError | None
Steps = Generator[Request | Pause, Outcome, Result]


class Receiver:
    """Takes the body of an answer: into the request's file where that is what was asked for, else into memory."""

    def __init__(self, request: Request, response: httpx.Response) -> None:
        self._response = response
        self._digest = hashlib.sha256()
        self._memory = BytesIO()
        self._sink: BinaryIO = self._memory
        if request.into and response.is_success:
            self._sink, start = request.into
            self._sink.seek(start)  # an answer that was cut off may have left its beginning
            self._sink.truncate()

    def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._sink.write(piece)

    def answer(self) -> Answer:
        response = self._response
        return Answer(response.status_code, response.headers, self._memory.getvalue(), self._digest.hexdigest())


def answered(patience_seconds: float, request: Request) -> Steps[Answer]:
    """The answer to a request. It is sent again while no answer comes or a temporary refusal, for as long as told.

    The server's Retry-After is obeyed; a later one than there is patience for ends the call. Raises ClientError, and
    ValueError for what cannot be sent at all.
    """
    deadline = time.monotonic() + patience_seconds
    for pause in pauses(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS):
        outcome = yield request
        if isinstance(outcome, Answer):
            if 200 <= outcome.status < 300:
                return outcome
            error = outcome.refusal()
            # without a place to wait in, the caller asks without waiting meanwhile
            if outcome.status not in TEMPORARY or (isinstance(error, Busy) and request.wait_seconds):
                raise error
            pause = outcome.retry_after_seconds or pause
        elif isinstance(outcome, httpx.LocalProtocolError):  # such as a line end in a key: never to be sent
            raise ValueError(f"{request.method} {request.path} cannot be sent: {outcome}") from outcome
        else:
            error = Unreachable(f"{request.method} {request.path} got no answer: {outcome!r}")
            error.__cause__ = outcome
        if time.monotonic() + pause > deadline:
            raise error
        yield Pause(pause)
    raise AssertionError("pauses have no end")


def pauses(first_seconds: float, longest_seconds: float) -> Iterator[float]:
    """Without end, each up to twice as long as the one before. Chance keeps clients from coming back together."""
    seconds = first_seconds
    while True:
        yield seconds * uniform(0.8, 1.2)  # noqa: S311  # no secret
        seconds = min(seconds * 2, longest_seconds)


def _seconds_until(date: str) -> float:
    """Raises ValueError."""
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
