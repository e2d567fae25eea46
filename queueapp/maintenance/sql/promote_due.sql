-- Queue a batch of tasks whose time has come within the last seconds: scheduled ones, and failed ones that are to be tried again.
WITH due AS (
    SELECT id, status FROM taskrunner_tasks WHERE status IN ('scheduled', 'failed') AND run_at <= taskrunner_now()
        AND run_at > taskrunner_now() - make_interval(secs => %(seconds_back)s)
    ORDER BY run_at LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
)
UPDATE taskrunner_tasks t SET status = 'queued', worker_id = NULL, updated_at = taskrunner_now()
FROM due WHERE t.id = due.id
RETURNING t.id, t.queue, due.status AS was
