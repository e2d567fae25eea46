-- Insert a set of tasks without deduplication keys, and return the queues that have something new to claim.
WITH inserted AS (
    INSERT INTO taskrunner_tasks (id, tenant_id, type, queue, params, requirements, labels, priority, run_at, expires_at,
        status, max_retries, timeout_seconds)
    SELECT id, %(tenant_id)s::uuid, type, queue, params, requirements, nullif(labels, '{}'), priority, due_at,
        coalesce(expires_at, due_at + make_interval(secs => expires_seconds)),
        CASE WHEN due_at > taskrunner_now() THEN 'scheduled' ELSE 'queued' END, max_retries, timeout_seconds
    FROM (
        SELECT *, coalesce(run_at, taskrunner_now() + make_interval(secs => coalesce(delay_seconds, 0))) AS due_at
        FROM jsonb_to_recordset(%(tasks)s) AS r (
            id uuid, type text, queue text, params jsonb, requirements jsonb, labels text[], priority smallint,
            run_at timestamptz, delay_seconds double precision, expires_at timestamptz,
            expires_seconds double precision, max_retries integer, timeout_seconds integer)) AS request
    RETURNING queue, status
)
SELECT DISTINCT queue FROM inserted WHERE status = 'queued'
