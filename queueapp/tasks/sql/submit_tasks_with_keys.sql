-- Insert a set of tasks, each unless a live deduplication key of its tenant and queue points elsewhere.
-- Keys are taken in one order by everybody, so that two bulk submissions cannot deadlock. A submit that waited
-- for another's key sees it as live and inserts nothing: its rows are missing from the result.
WITH request AS (
    SELECT * FROM jsonb_to_recordset(%(tasks)s) AS r (
        id uuid, type text, queue text, params jsonb, requirements jsonb, labels text[], priority smallint,
        run_at timestamptz, delay_seconds double precision, expires_at timestamptz,
        expires_seconds double precision, max_retries integer, timeout_seconds integer,
        dedup_key text, dedup_ttl_seconds double precision, dedup_replace boolean
    )
), taken AS (
    INSERT INTO taskrunner_dedup_keys (tenant_id, queue, key, expires_at, task_id)
    SELECT %(tenant_id)s::uuid, queue, dedup_key, taskrunner_now() + make_interval(secs => dedup_ttl_seconds), id
    FROM request WHERE dedup_key IS NOT NULL ORDER BY queue, dedup_key
    ON CONFLICT (tenant_id, queue, key) DO UPDATE SET task_id = excluded.task_id, expires_at = excluded.expires_at,
        -- an expired key was free, so whose task it points to is left alone
        replaced_task_id = CASE WHEN taskrunner_dedup_keys.expires_at > taskrunner_clock()
            THEN taskrunner_dedup_keys.task_id END
        WHERE taskrunner_dedup_keys.expires_at <= taskrunner_clock()
            OR excluded.task_id IN (SELECT id FROM request WHERE dedup_replace)
    RETURNING task_id, replaced_task_id
), accepted AS (
    SELECT request.*, taken.replaced_task_id AS replaced_id,
        coalesce(request.run_at, taskrunner_now() + make_interval(secs => coalesce(delay_seconds, 0))) AS due_at
    FROM request LEFT JOIN taken ON taken.task_id = request.id
    WHERE request.dedup_key IS NULL OR taken.task_id IS NOT NULL
), inserted AS (
    INSERT INTO taskrunner_tasks (id, tenant_id, type, queue, params, requirements, labels, priority, run_at, expires_at,
        status, max_retries, timeout_seconds)
    SELECT id, %(tenant_id)s::uuid, type, queue, params, requirements, nullif(labels, '{}'), priority, due_at,
        coalesce(expires_at, due_at + make_interval(secs => expires_seconds)),
        CASE WHEN due_at > taskrunner_now() THEN 'scheduled' ELSE 'queued' END,
        max_retries, timeout_seconds
    FROM accepted ORDER BY id
    RETURNING id, queue, status
)
SELECT inserted.*, accepted.replaced_id FROM inserted JOIN accepted USING (id)
