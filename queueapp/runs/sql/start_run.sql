-- Begin the run of an attempt, only while it holds the task. No row: the lease was lost.
WITH held AS (
    SELECT id, tenant_id, type, attempt FROM taskrunner_tasks
    WHERE id = %(task_id)s AND attempt = %(attempt)s AND worker_id = %(worker_id)s AND lease_expires_at IS NOT NULL
    FOR NO KEY UPDATE
)
INSERT INTO taskrunner_runs (tenant_id, task_id, attempt, run_key, metadata)
SELECT tenant_id, id, attempt, %(run_key)s,
    jsonb_build_object('task_id', id, 'task_type', type, 'attempt', attempt) FROM held
RETURNING id
