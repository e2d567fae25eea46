"""Every address of the API. None ends in a slash; whatever is not here is handler404's (problems.py)."""

from django.urls import path, re_path

from queueapp.api.schema import views as schema
from queueapp.api.views import bulk, platform, runs, task, tasks, typed, usage
from queueapp.api.worker import types
from queueapp.api.worker import views as worker
from queueapp.bulk import Verb

QUEUE = r"^queues/(?P<name>[a-z0-9][a-z0-9_.-]{0,63})"

urlpatterns = [
    path("tasks", tasks.TaskList.as_view(), name="tasks"),
    path("tasks/bulk", tasks.TaskBulk.as_view()),
    path("tasks/bulk/cancel", bulk.BulkVerb.as_view(), {"verb": Verb.CANCEL}),
    path("tasks/bulk/retry", bulk.BulkVerb.as_view(), {"verb": Verb.RETRY}),
    path("tasks/bulk/redrive", bulk.BulkVerb.as_view(), {"verb": Verb.REDRIVE}),
    path("tasks/bulk/reprioritise", bulk.BulkReprioritise.as_view(), {"verb": Verb.REPRIORITISE}),
    path("tasks/<uuid:task_id>", task.TaskDetail.as_view(), name="task"),
    path("tasks/<uuid:task_id>/cancel", task.TaskCancel.as_view()),
    path("tasks/<uuid:task_id>/retry", task.TaskRetry.as_view()),
    path("tasks/<uuid:task_id>/logs", task.TaskLogs.as_view()),
    path("tasks/<uuid:task_id>/why", task.TaskWhy.as_view()),
    path("tasks/<uuid:task_id>/metrics", runs.TaskMetrics.as_view()),
    path("tasks/<uuid:task_id>/notes", runs.TaskNotes.as_view()),
    path("tasks/<slug:family>/<slug:operation>", typed.TypedTask.as_view()),
    path("runs", runs.RunList.as_view()),
    path("runs/<uuid:run_id>", runs.RunDetail.as_view()),
    path("task-types", types.TypeList.as_view()),
    path("limits", usage.Limits.as_view()),
    path("stats", usage.Stats.as_view()),
    path("queues", platform.QueueList.as_view()),
    re_path(rf"{QUEUE}/pause\Z", platform.QueuePause.as_view()),
    re_path(rf"{QUEUE}/resume\Z", platform.QueueResume.as_view()),
    path("workers", platform.WorkerList.as_view()),
    path("worker/claim", worker.Claim.as_view()),
    path("worker/tasks/<uuid:task_id>/heartbeat", worker.Heartbeat.as_view()),
    path("worker/tasks/<uuid:task_id>/log", worker.Log.as_view()),
    path("worker/tasks/<uuid:task_id>/complete", worker.Complete.as_view()),
    path("worker/tasks/<uuid:task_id>/fail", worker.Fail.as_view()),
    path("worker/tasks/<uuid:task_id>/release", worker.Release.as_view()),
    path("security-events", platform.SecurityEventList.as_view()),
    path("schema", schema.Schema.as_view()),
    path("docs", schema.Docs.as_view()),
]
