-- Delete from the log of tasks that are gone, in one batch of old rows after an id.
SELECT examined, deleted, last_id FROM taskrunner_prune_task_logs(%(after)s, %(keep_days)s, %(batch)s)
