-- Queue ended or failed tasks again with clean counters, and no expiry: somebody wants them to run now. The attempt goes on
-- growing, since it is the fence.
WITH target AS (
    SELECT id, status FROM taskrunner_tasks WHERE id = ANY (%(ids)s) AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
    ORDER BY id FOR UPDATE
), moved AS (
    UPDATE taskrunner_tasks t SET status = 'queued', run_at = taskrunner_now(), expires_at = NULL, failures = 0, crash_count = 0, worker_id = NULL,
        cancel_requested_at = NULL, finished_at = NULL, progress = NULL, result = NULL,
        error_code = '', error_message = '', error_detail = NULL, error_fingerprint = NULL, run_seconds = NULL, updated_at = taskrunner_now()
    FROM target WHERE t.id = target.id AND target.status IN ('dead_letter', 'failed', 'cancelled')
    RETURNING t.id, t.status, t.queue
)
SELECT target.id, target.status AS was, coalesce(moved.status, target.status) AS status, moved.queue
FROM target LEFT JOIN moved USING (id)
