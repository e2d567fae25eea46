-- Take back what dead workers held: leases that ran out, and those of workers known to have stopped.
-- The third lease lost with its worker ends the task.
WITH lost AS (
    SELECT t.id, CASE
            WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled'
            WHEN t.crash_count + 1 >= 3 THEN 'dead_letter'
            ELSE 'queued' END AS to_status
    FROM tasks t
    WHERE t.status = 'leased' AND (t.lease_expires_at < clock_timestamp()
        OR EXISTS (SELECT FROM workers w WHERE w.id = t.worker_id AND w.stopped_at IS NOT NULL))
    ORDER BY t.id LIMIT %(batch)s
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE tasks t SET status = lost.to_status, crash_count = t.crash_count + 1, lease_expires_at = NULL,
    run_at = now(), updated_at = now(),
    worker_id = CASE WHEN lost.to_status = 'queued' THEN NULL ELSE t.worker_id END,
    finished_at = CASE WHEN lost.to_status <> 'queued' THEN now() END,
    error_code = CASE WHEN lost.to_status = 'dead_letter' THEN 'worker_crashed' ELSE t.error_code END,
    error_message = CASE WHEN lost.to_status = 'dead_letter'
        THEN 'The worker died while running this task, for the third time.' ELSE t.error_message END
FROM lost WHERE t.id = lost.id
RETURNING t.id, t.queue, t.status
