-- End leases of workers that are gone, each only while that attempt holds it; where that counts as a crash, the third
-- ends the task. The caller has locked them.
WITH lost AS (
    SELECT t.id, CASE
            WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled'
            WHEN %(counting)s::boolean AND t.crash_count + 1 >= 3 THEN 'dead_letter'
            ELSE 'queued' END AS to_status
    FROM unnest(%(ids)s::uuid[], %(attempts)s::integer[]) AS l (id, attempt)
    JOIN taskrunner_tasks t ON t.id = l.id AND t.attempt = l.attempt AND t.lease_expires_at IS NOT NULL
)
UPDATE taskrunner_tasks t SET status = lost.to_status, crash_count = least(t.crash_count, 32766) + %(counting)s::boolean::integer,
    lease_expires_at = NULL, run_at = taskrunner_now(), updated_at = taskrunner_now(),
    worker_id = CASE WHEN lost.to_status = 'queued' THEN NULL ELSE t.worker_id END,
    finished_at = CASE WHEN lost.to_status <> 'queued' THEN taskrunner_now() END,
    error_code = CASE WHEN lost.to_status = 'dead_letter' THEN 'worker_crashed' ELSE t.error_code END,
    error_message = CASE WHEN lost.to_status = 'dead_letter'
        THEN 'The worker died while running this task, for the third time.' ELSE t.error_message END,
    error_fingerprint = CASE WHEN lost.to_status = 'dead_letter'
        THEN taskrunner_error_fingerprint(t.type, %(digest)s) ELSE t.error_fingerprint END,
    error_detail = CASE WHEN lost.to_status <> 'dead_letter' THEN t.error_detail END, run_seconds = NULL
FROM lost WHERE t.id = lost.id
RETURNING t.id, t.tenant_id, t.type, t.attempt, t.queue, t.status, t.error_code, t.error_message
