"""Handlers that write, keep and submit, for the tests of the test kit."""

from django.contrib.auth.models import Group
from django.db import connection, transaction
from pydantic import BaseModel

from queueapp import TaskContext, handler, submit


class Named(BaseModel):
    mark: str = ""
    times: int = 0


@handler("sample.submits", params=Named)
def submits(task: TaskContext, params: Named) -> None:
    submit("sample.noop", {"mark": ""})


@handler("sample.keeps", params=Named)
def keeps(task: TaskContext, params: Named) -> dict[str, int]:
    task.log("half way", page=1)
    task.progress(0.5, "half")
    task.metric("pages", 2)
    task.note("summary", "short")
    task.attach("paper", "words", content_type="text/plain")
    return {"kept": 1}


@handler("sample.makes_group", params=Named, transactional=True)
def makes_group(task: TaskContext, params: Named) -> None:
    Group.objects.create(name=params.mark)
    task.log("made")
    if params.times:
        raise ValueError("too late")


@handler("sample.bad_sql", params=Named)
def bad_sql(task: TaskContext, params: Named) -> None:
    Group.objects.create(name="broken")
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


@handler("sample.leaves_atomic", params=Named)
def leaves_atomic(task: TaskContext, params: Named) -> None:
    transaction.atomic().__enter__()
    Group.objects.create(name="left")
