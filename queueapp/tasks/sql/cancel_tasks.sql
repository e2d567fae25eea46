-- Cancel waiting tasks at once; ask the worker of a leased one to stop. Returns each task's status before and after.
WITH target AS (
    SELECT id, status FROM taskrunner_tasks WHERE id = ANY (%(ids)s) AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
    ORDER BY id FOR UPDATE
), moved AS (
    UPDATE taskrunner_tasks t SET
        status = CASE WHEN target.status = 'leased' THEN 'leased' ELSE 'cancelled' END,
        cancel_requested_at = coalesce(t.cancel_requested_at, taskrunner_now()),
        finished_at = CASE WHEN target.status = 'leased' THEN NULL ELSE taskrunner_now() END,
        updated_at = taskrunner_now()
    FROM target WHERE t.id = target.id AND target.status IN ('scheduled', 'blocked', 'queued', 'failed', 'leased')
    RETURNING t.id, t.status, t.queue
)
SELECT target.id, target.status AS was, coalesce(moved.status, target.status) AS status, moved.queue
FROM target LEFT JOIN moved USING (id)
