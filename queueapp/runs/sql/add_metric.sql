-- Keep a figure that a handler measured, only while its attempt holds the task. No row: the lease was lost.
WITH held AS (
    SELECT id, tenant_id, attempt FROM taskrunner_tasks
    WHERE id = %(task_id)s AND attempt = %(attempt)s AND worker_id = %(worker_id)s AND lease_expires_at IS NOT NULL
    FOR NO KEY UPDATE
)
INSERT INTO taskrunner_run_metrics (tenant_id, run_id, task_id, name, value)
SELECT held.tenant_id, r.id, held.id, %(name)s, %(value)s::jsonb
FROM held LEFT JOIN taskrunner_runs r ON r.tenant_id = held.tenant_id AND r.task_id = held.id AND r.attempt = held.attempt
RETURNING id
