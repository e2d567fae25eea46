"""Tasks of `django.tasks`, as a project has them."""

from django_tasks import TaskContext, task


@task
def add(first: int, second: int = 0) -> int:
    return first + second


@task
async def add_async(first: int, second: int) -> int:
    return first + second


@task(takes_context=True)
def who_runs(context: TaskContext) -> dict[str, object]:
    result = context.task_result
    return {"id": result.id, "attempt": context.attempt, "status": result.status, "workers": result.worker_ids}


@task(max_retries=2, takes_context=True)
def third_time_lucky(context: TaskContext) -> int:
    if context.attempt < 3:
        raise ValueError(f"attempt {context.attempt} went wrong")
    return context.attempt


@task
def leave() -> None:
    raise SystemExit("left")


@task
def return_a_function() -> object:
    return lambda: True


@task(queue_name="reports", priority=7)
def report() -> str:
    return "done"
