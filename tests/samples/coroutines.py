"""`async def` handlers: honest ones, and those that do what no handler should."""

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from asgiref.sync import sync_to_async
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from pydantic import BaseModel, Field, StrictInt

from queueapp import RetryLater, TaskContext, conf, current_task, handler, task, tasks
from queueapp.tenancy import tenant_scope
from queueapp.worker.interrupts import SoftTimeout
from tests.samples.hell import SESSION

kept: list[object] = []
present: Counter[str] = Counter()  # by type: attempts that are inside of their handler


class Coroutine(BaseModel):
    mark: str = ""  # a file that each attempt appends a line to
    times: float = Field(1, strict=True)


def leave_mark(context: TaskContext, params: Coroutine) -> None:
    if params.mark:
        with Path(params.mark).open("a") as file:
            file.write(f"{context.id} {context.attempt} {os.getpid()}\n")


@handler("async.meet", params=Coroutine, concurrency=1_000)
async def meet(context: TaskContext, params: Coroutine) -> int:
    """Ends when so many are here at once."""
    present["async.meet"] += 1
    while present["async.meet"] < params.times:
        await asyncio.sleep(0.01)
    return present["async.meet"]


@handler("async.sleep", params=Coroutine, concurrency=1_000)
async def sleep(context: TaskContext, params: Coroutine) -> None:
    leave_mark(context, params)
    await asyncio.sleep(params.times)


@handler("async.wait", params=Coroutine, concurrency=100)
async def wait(context: TaskContext, params: Coroutine) -> int:
    """Until somebody makes the file `<mark>.go`."""
    leave_mark(context, params)
    while not await asyncio.to_thread(Path(params.mark + ".go").exists):
        await asyncio.sleep(0.01)
    return context.attempt


@handler("async.one_by_one", params=Coroutine)
async def one_by_one(context: TaskContext, params: Coroutine) -> int:
    """How many of its type run at once."""
    present["async.one_by_one"] += 1
    await asyncio.sleep(0.01)
    now = present["async.one_by_one"]
    present["async.one_by_one"] -= 1
    return now


@handler("async.forever", params=Coroutine, concurrency=100, max_retries=1)
async def forever(context: TaskContext, params: Coroutine) -> None:
    leave_mark(context, params)
    try:
        await asyncio.Event().wait()
    finally:
        await context.alog("cleaned up")


@handler("async.cleans_up", params=Coroutine, soft_timeout_seconds=0.3)
async def cleans_up(context: TaskContext, params: Coroutine) -> str:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(600))
    except SoftTimeout:
        await asyncio.sleep(0.01)
        return "cleaned up"
    return "never"


@handler("async.hears_nothing_of_it", params=Coroutine, soft_timeout_seconds=0.3)
async def hears_nothing_of_it(context: TaskContext, params: Coroutine) -> None:
    await asyncio.sleep(600)


@handler("async.later", params=Coroutine, max_retries=1)
async def later(context: TaskContext, params: Coroutine) -> int:
    if context.attempt == 1:
        raise RetryLater(0.1)
    return context.attempt


@handler("async.leave_tasks", params=Coroutine)
async def leave_tasks(context: TaskContext, params: Coroutine) -> None:
    """What it does not wait for would go on beside others."""
    kept.append(asyncio.create_task(asyncio.sleep(600)))
    await asyncio.sleep(0)


@handler("async.exit", params=Coroutine)
async def exit_in_a_task(context: TaskContext, params: Coroutine) -> None:
    async def leave() -> None:
        raise SystemExit(3)

    await asyncio.create_task(leave())


def keep_waiting(mark: str) -> None:
    while not Path(mark + ".go").exists():
        time.sleep(0.005)


@handler("async.block", params=Coroutine, concurrency=100)
async def block(context: TaskContext, params: Coroutine) -> None:
    leave_mark(context, params)
    keep_waiting(params.mark)


@handler("async.block_in_callback", params=Coroutine, concurrency=100)
async def block_in_callback(context: TaskContext, params: Coroutine) -> None:
    leave_mark(context, params)
    asyncio.get_running_loop().call_soon(keep_waiting, params.mark)
    await asyncio.sleep(0.01)


@handler("async.deaf", params=Coroutine, concurrency=100)
async def deaf(context: TaskContext, params: Coroutine) -> None:
    leave_mark(context, params)
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            continue


@handler("async.crash", params=Coroutine, concurrency=100)
async def crash(context: TaskContext, params: Coroutine) -> None:
    """Once so many neighbours have left their marks."""
    while len(Path(params.mark).read_text().splitlines()) < params.times:
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def tenants_in_scope() -> set[str]:
    """Whose scope the session is in, and in `rls` whose tasks it shows."""
    shown = "tenant_id::text" if conf.settings.isolation == "rls" else "current_setting('taskrunner.tenant_id')"
    with tenant_scope(), connection.cursor() as cursor:
        cursor.execute(f"SELECT current_setting('taskrunner.tenant_id'), array_agg({shown}) FROM taskrunner_tasks")
        named, rows = cursor.fetchone()
        return {named, *rows}


@handler("async.interleave", params=Coroutine, concurrency=100)
async def interleave(context: TaskContext, params: Coroutine) -> int:
    """How often it saw what was not its own tenant's, or was not alone with it."""
    foreign = 0
    for _ in range(int(params.times)):
        foreign += await sync_to_async(tenants_in_scope)() != {str(context.tenant)}
        foreign += current_task() is not context
    return foreign


@handler("async.hold_thread", params=Coroutine, concurrency=100)
async def hold_thread(context: TaskContext, params: Coroutine) -> tuple[int, int]:
    """The thread and the session that it is lent, held until `<mark>.go` exists."""

    def hold() -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        leave_mark(context, params)
        while not Path(params.mark + ".go").exists():
            time.sleep(0.005)
        return threading.get_ident(), pid

    return await sync_to_async(hold)()


@handler("async.leave_transaction", params=Coroutine)
async def leave_transaction(context: TaskContext, params: Coroutine) -> None:
    await sync_to_async(transaction.atomic().__enter__)()


@handler("async.leave_scope", params=Coroutine)
async def leave_scope(context: TaskContext, params: Coroutine) -> None:
    scope = tenant_scope()
    await sync_to_async(scope.__enter__)()
    await sync_to_async(scope.__exit__)(None, None, None)


@handler("async.scope_on_loop", params=Coroutine)
async def scope_on_loop(context: TaskContext, params: Coroutine) -> None:
    with tenant_scope():
        await asyncio.sleep(0)


@handler("async.leave_settings", params=Coroutine)
async def leave_settings(context: TaskContext, params: Coroutine) -> None:
    def set_them() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET hell.secret = 'acme''s'; SET search_path = pg_temp; SET statement_timeout = '1min'")
            cursor.execute("SELECT pg_advisory_lock(42)")

    await sync_to_async(set_them)()


@handler("async.probe_session", params=Coroutine)
async def probe_session(context: TaskContext, params: Coroutine) -> list[object]:
    def ask() -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute(SESSION)
            return list(cursor.fetchone())

    return await sync_to_async(ask)()


@handler("async.iterate", params=Coroutine, concurrency=10)
async def iterate(context: TaskContext, params: Coroutine) -> list[str]:
    """Rows of the project's own, one at a time over one cursor, beside others that do the same."""
    names = []
    async for kind in ContentType.objects.order_by("id").aiterator(chunk_size=1):
        names.append(kind.model)
        await asyncio.sleep(0)
        if len(names) == params.times:
            break
    return names


@handler("async.tell", params=Coroutine)
async def tell(context: TaskContext, params: Coroutine) -> str:
    await context.alog("half way", step=1)
    await context.ametric("rows", 7)
    await context.anote("summary", "well done")
    await context.aattach("file", b"bytes", content_type="text/plain")
    context.progress(0.5)
    try:
        context.log("from the loop")
    except RuntimeError as error:
        return str(error)
    return ""


@handler("async.submit", params=Coroutine)
async def submit_another(context: TaskContext, params: Coroutine) -> int:
    """Of its own tenant; and the async ORM, which sees what its own scope would."""
    await sync_to_async(tasks.submit)("echo", {"msg": "child"})
    await sum_up.asubmit(numbers=[1, 2])
    return 2


@handler("async.run", params=Coroutine, result_ttl_seconds=60, concurrency=10)
async def keep_run(context: TaskContext, params: Coroutine) -> dict[str, str]:
    return {"summary": f"attempt {context.attempt}"}


@task("async.sum", concurrency=10)
async def sum_up(numbers: list[StrictInt]) -> int:
    await asyncio.sleep(0)
    return sum(numbers)
