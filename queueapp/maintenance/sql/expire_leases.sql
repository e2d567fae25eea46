-- Take back what dead workers held: leases that ran out within the last seconds, and when thorough also those of
-- workers that stopped within the last minute, for those of others have run out. The third lease lost with its worker
-- ends the task.
WITH gone AS MATERIALIZED (
    SELECT id FROM taskrunner_workers WHERE %(thorough)s AND stopped_at > taskrunner_now() - interval '1 minute'
), found AS (
    (SELECT id FROM taskrunner_tasks
    WHERE status = 'leased' AND lease_expires_at < taskrunner_now()
        AND lease_expires_at > taskrunner_now() - make_interval(secs => %(seconds_back)s)
    LIMIT %(batch)s)
    UNION
    (SELECT id FROM taskrunner_tasks
    WHERE EXISTS (SELECT FROM gone) AND status = 'leased' AND lease_expires_at >= taskrunner_now()
        AND worker_id IN (SELECT id FROM gone)
    LIMIT %(batch)s)
), lost AS (
    SELECT t.id, CASE
            WHEN t.cancel_requested_at IS NOT NULL THEN 'cancelled'
            WHEN t.crash_count + 1 >= 3 THEN 'dead_letter'
            ELSE 'queued' END AS to_status
    FROM taskrunner_tasks t
    -- not "status = 'leased'", which would let the planner walk the index of leases for a second time
    WHERE t.id = ANY (ARRAY(SELECT id FROM found)) AND t.lease_expires_at IS NOT NULL
        AND (t.lease_expires_at < taskrunner_now() OR t.worker_id IN (SELECT id FROM gone))
    ORDER BY t.id LIMIT %(batch)s
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE taskrunner_tasks t SET status = lost.to_status, crash_count = t.crash_count + 1, lease_expires_at = NULL,
    run_at = taskrunner_now(), updated_at = taskrunner_now(),
    worker_id = CASE WHEN lost.to_status = 'queued' THEN NULL ELSE t.worker_id END,
    finished_at = CASE WHEN lost.to_status <> 'queued' THEN taskrunner_now() END,
    error_code = CASE WHEN lost.to_status = 'dead_letter' THEN 'worker_crashed' ELSE t.error_code END,
    error_message = CASE WHEN lost.to_status = 'dead_letter'
        THEN 'The worker died while running this task, for the third time.' ELSE t.error_message END,
    error_detail = CASE WHEN lost.to_status <> 'dead_letter' THEN t.error_detail END, run_seconds = NULL
FROM lost WHERE t.id = lost.id
RETURNING t.id, t.queue, t.status
