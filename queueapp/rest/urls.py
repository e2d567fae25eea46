"""Every address of the API. None ends in a slash; whatever is not here is handler404's (problems.py)."""

from django.urls import path, re_path

from queueapp.rest import bulk, queues, runs, task_list, task_types, tasks, typed, usage
from queueapp.rest.artifacts import views as artifacts
from queueapp.rest.openapi import views as schema
from queueapp.rest.worker_api import artifacts as held_artifacts
from queueapp.rest.worker_api import views as worker
from queueapp.tasks.bulk import Verb

QUEUE = r"^queues/(?P<name>[a-z0-9][a-z0-9_.-]{0,63})"

urlpatterns = [
    path("tasks", task_list.TaskList.as_view(), name="tasks"),
    path("tasks/bulk", task_list.TaskBulk.as_view()),
    path("tasks/bulk/cancel", bulk.BulkVerb.as_view(), {"verb": Verb.CANCEL}),
    path("tasks/bulk/retry", bulk.BulkVerb.as_view(), {"verb": Verb.RETRY}),
    path("tasks/bulk/redrive", bulk.BulkVerb.as_view(), {"verb": Verb.REDRIVE}),
    path("tasks/bulk/reprioritise", bulk.BulkReprioritise.as_view(), {"verb": Verb.REPRIORITISE}),
    path("tasks/<uuid:task_id>", tasks.TaskDetail.as_view(), name="task"),
    path("tasks/<uuid:task_id>/cancel", tasks.TaskCancel.as_view()),
    path("tasks/<uuid:task_id>/retry", tasks.TaskRetry.as_view()),
    path("tasks/<uuid:task_id>/logs", tasks.TaskLogs.as_view()),
    path("tasks/<uuid:task_id>/why", tasks.TaskWhy.as_view()),
    path("tasks/<uuid:task_id>/artifacts", artifacts.TaskArtifacts.as_view()),
    path("tasks/<uuid:task_id>/metrics", runs.TaskMetrics.as_view()),
    path("tasks/<uuid:task_id>/notes", runs.TaskNotes.as_view()),
    path("tasks/<slug:family>/<slug:operation>", typed.TypedTask.as_view()),
    path("artifacts", artifacts.ArtifactList.as_view()),
    path("artifacts/<uuid:artifact_id>", artifacts.ArtifactContent.as_view()),
    path("artifacts/<uuid:artifact_id>/meta", artifacts.ArtifactMeta.as_view()),
    path("runs", runs.RunList.as_view()),
    path("runs/<uuid:run_id>", runs.RunDetail.as_view()),
    path("task-types", task_types.TypeList.as_view()),
    path("limits", usage.Limits.as_view()),
    path("stats", usage.Stats.as_view()),
    path("queues", queues.QueueList.as_view()),
    re_path(rf"{QUEUE}/pause\Z", queues.QueuePause.as_view()),
    re_path(rf"{QUEUE}/resume\Z", queues.QueueResume.as_view()),
    path("workers", queues.WorkerList.as_view()),
    path("worker/claim", worker.Claim.as_view()),
    path("worker/tasks/<uuid:task_id>/heartbeat", worker.Heartbeat.as_view()),
    path("worker/tasks/<uuid:task_id>/log", worker.Log.as_view()),
    path("worker/tasks/<uuid:task_id>/complete", worker.Complete.as_view()),
    path("worker/tasks/<uuid:task_id>/fail", worker.Fail.as_view()),
    path("worker/tasks/<uuid:task_id>/release", worker.Release.as_view()),
    path("worker/tasks/<uuid:task_id>/artifacts", held_artifacts.HeldArtifacts.as_view()),
    path("worker/tasks/<uuid:task_id>/artifacts/<uuid:artifact_id>", held_artifacts.HeldArtifact.as_view()),
    path("security-events", queues.SecurityEventList.as_view()),
    path("schema", schema.Schema.as_view()),
    path("docs", schema.Docs.as_view()),
]
