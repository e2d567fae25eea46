-- Delete from the log of tasks that are gone, in one batch of old tasks after one.
SELECT examined, deleted, last_task FROM taskrunner_prune_task_logs(%(after)s, %(keep_days)s, %(batch)s)
