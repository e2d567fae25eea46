"""TaskContext.extension: made once an attempt, from its context."""

from queueapp.worker.context import TaskContext
from tests.factories import attempt_at
from tests.tasks.workers import Worker


class Shouter:
    def __init__(self, task):
        self.task = task

    def shout(self):
        return self.task.type.upper()


def test_an_extension_is_made_from_the_context_and_kept(make_task):
    task, worker = make_task(type="sample.noop"), Worker()
    claimed = worker.claim()
    context = TaskContext(attempt_at(claimed, worker.id), None)
    assert context.extension(Shouter).shout() == "SAMPLE.NOOP"
    assert context.extension(Shouter) is context.extension(Shouter)
    assert TaskContext(attempt_at(claimed, worker.id), None).extension(Shouter) is not context.extension(Shouter)
    assert task.id == context.id
