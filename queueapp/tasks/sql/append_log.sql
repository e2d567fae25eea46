-- Keep a line that a handler logged, only while its attempt holds the task. No row: the lease was lost.
WITH held AS (
    SELECT id, tenant_id, attempt, worker_id FROM taskrunner_tasks
    WHERE id = %(task_id)s AND attempt = %(attempt)s AND worker_id = %(worker_id)s AND lease_expires_at IS NOT NULL
    FOR NO KEY UPDATE
)
SELECT taskrunner_append_task_log(tenant_id, id, attempt, worker_id, %(level)s, %(message)s, %(detail)s::jsonb) AS log_id FROM held
