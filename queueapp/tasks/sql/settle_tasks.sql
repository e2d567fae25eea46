-- Write the outcomes of a set of attempts, each only while this worker still holds that very attempt.
-- Found by primary key and attempt: a predicate on status would let the planner walk a partial index full of
-- dead entries. Rows missing from the result had lost their lease.
WITH reported AS (
    SELECT * FROM json_to_recordset(%(outcomes)s) AS o (
        id uuid, attempt integer, kind text, result text, run_seconds double precision,
        error_code text, error_message text, error_detail jsonb, error_digest text, retry_seconds double precision
    )
), outcome AS (
    SELECT o.*, least(t.failures, 2147483646) + (o.kind IN ('error', 'permanent'))::integer AS failures_now,
        CASE o.kind
            WHEN 'completed' THEN 'completed'
            WHEN 'cancelled' THEN 'cancelled'
            -- a worker that hands back a task that was to stop has stopped it
            WHEN 'released' THEN CASE WHEN t.cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END
            WHEN 'later' THEN CASE WHEN t.cancel_requested_at IS NULL THEN 'scheduled' ELSE 'cancelled' END
            WHEN 'error' THEN CASE
                WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled'
                WHEN t.failures >= t.max_retries THEN 'dead_letter' ELSE 'failed' END
            WHEN 'permanent' THEN 'dead_letter'
        END AS to_status
    FROM (SELECT * FROM reported ORDER BY id) AS o CROSS JOIN LATERAL (
        -- one by one, in their order: a join compares all with all
        SELECT failures, max_retries, cancel_requested_at FROM taskrunner_tasks
        WHERE id = o.id AND attempt = o.attempt AND worker_id = %(worker_id)s AND lease_expires_at IS NOT NULL
        FOR UPDATE) AS t
)
UPDATE taskrunner_tasks t SET status = v.to_status, failures = v.failures_now,
    result = coalesce(v.result::jsonb, t.result),  -- what has come of a task so far, where its handler stored that
    error_code = coalesce(v.error_code, ''), error_message = coalesce(v.error_message, ''),
    error_detail = v.error_detail,
    error_fingerprint = CASE WHEN v.to_status IN ('failed', 'dead_letter')
        THEN taskrunner_error_fingerprint(t.type, v.error_digest) END,
    -- workers over HTTP tell no time of their own: theirs is that of the lease
    run_seconds = CASE WHEN v.kind <> 'released'
        THEN coalesce(v.run_seconds, extract(epoch FROM taskrunner_clock() - t.started_at)) END,
    run_at = CASE WHEN v.to_status IN ('failed', 'queued', 'scheduled') THEN taskrunner_now() + make_interval(secs => coalesce(v.retry_seconds, 0))
        ELSE t.run_at END,
    lease_expires_at = NULL, updated_at = taskrunner_now(),
    finished_at = CASE WHEN v.to_status IN ('completed', 'dead_letter', 'cancelled') THEN taskrunner_now() END
FROM outcome v WHERE t.id = v.id
RETURNING t.id, t.status
