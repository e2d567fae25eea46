"""The two clients: the same operations, carried out at once or awaited."""

import time
from collections.abc import Callable, Coroutine
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import anyio
import httpx

from taskrunner_client import operations
from taskrunner_client.exchange import Answer, Outcome, Pause, Receiver, Request, Steps

P = ParamSpec("P")
Result = TypeVar("Result")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)


def _blocking(
    operation: Callable[Concatenate[float, P], Steps[Result]],
) -> Callable[Concatenate["Client", P], Result]:
    @wraps(operation)
    def call(self: "Client", /, *arguments: P.args, **named: P.kwargs) -> Result:
        return self._carry_out(operation(self._patience_seconds, *arguments, **named))

    return call


def _awaited(
    operation: Callable[Concatenate[float, P], Steps[Result]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, Result]]:
    @wraps(operation)
    async def call(self: "AsyncClient", /, *arguments: P.args, **named: P.kwargs) -> Result:
        return await self._carry_out(operation(self._patience_seconds, *arguments, **named))

    return call


class _Caller(Generic[Http]):
    """What both are made with."""

    _open: type[Http]

    def __init__(self, url: str, key: str, *, timeout_seconds: float = 10.0, patience_seconds: float = 30.0) -> None:
        """`url` is the root of the API, such as https://example.com/api/v1.

        `timeout_seconds` is how long an answer may take, beyond what the server is asked to wait; `patience_seconds`
        how long a request is sent again while the server is away, busy or limiting. Raises ValueError for a bad URL.
        """
        if httpx.URL(url).scheme not in ("http", "https"):
            raise ValueError(f"The API's address begins with http:// or https://, not {url!r:.100}.")
        self._timeout_seconds, self._patience_seconds = timeout_seconds, patience_seconds
        self._http: Http = self._open(
            base_url=url, headers={"Authorization": f"Bearer {key}", "Accept": "application/json"}
        )


class Client(_Caller[httpx.Client]):
    """Calls that return when the answer is there. Threads may share one; `with` closes its connections."""

    _open = httpx.Client

    submit = _blocking(operations.submit)
    submit_many = _blocking(operations.submit_many)
    get = _blocking(operations.get)
    wait = _blocking(operations.wait)
    cancel = _blocking(operations.cancel)
    retry = _blocking(operations.retry)
    artifact = _blocking(operations.artifact)
    upload = _blocking(operations.upload)
    download = _blocking(operations.download)
    download_to = _blocking(operations.download_to)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _carry_out(self, steps: Steps[Result]) -> Result:
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                result: Result = end.value
                return result
            outcome = self._do(step)

    def _do(self, step: Request | Pause) -> Outcome:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return self._send(step)
        except httpx.RequestError as error:
            return error

    def _send(self, request: Request) -> Answer:
        with self._http.stream(**request.as_httpx(self._timeout_seconds)) as response:
            receiver = Receiver(request, response)
            for piece in response.iter_bytes():
                receiver.write(piece)
        return receiver.answer()


class AsyncClient(_Caller[httpx.AsyncClient]):
    """The same calls to await, under asyncio or trio; `async with` closes its connections."""

    _open = httpx.AsyncClient

    submit = _awaited(operations.submit)
    submit_many = _awaited(operations.submit_many)
    get = _awaited(operations.get)
    wait = _awaited(operations.wait)
    cancel = _awaited(operations.cancel)
    retry = _awaited(operations.retry)
    artifact = _awaited(operations.artifact)
    upload = _awaited(operations.upload)
    download = _awaited(operations.download)
    download_to = _awaited(operations.download_to)

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _carry_out(self, steps: Steps[Result]) -> Result:
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                result: Result = end.value
                return result
            outcome = await self._do(step)

    async def _do(self, step: Request | Pause) -> Outcome:
        if isinstance(step, Pause):
            await anyio.sleep(step.seconds)
            return None
        try:
            return await self._send(step)
        except httpx.RequestError as error:
            return error

    async def _send(self, request: Request) -> Answer:
        async with self._http.stream(**request.as_httpx(self._timeout_seconds)) as response:
            receiver = Receiver(request, response)
            async for piece in response.aiter_bytes():
                receiver.write(piece)
        return receiver.answer()
