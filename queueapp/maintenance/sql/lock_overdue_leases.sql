-- Leases to take back, with what is known of their workers, locked by id until the transaction ends: those that ran out within
-- the last seconds; those that run longer than any renewal can have set them, for the clock was set back since; and when
-- thorough, what is left of workers that stopped within the last minute. In a grace, the last alone.
WITH gone AS MATERIALIZED (
    SELECT id FROM taskrunner_workers WHERE %(thorough)s AND stopped_at > taskrunner_now() - interval '1 minute'
), found AS (
    (SELECT id FROM taskrunner_tasks
    WHERE NOT %(in_grace)s AND status = 'leased' AND lease_expires_at < taskrunner_now()
        AND lease_expires_at > taskrunner_now() - make_interval(secs => %(seconds_back)s)
    LIMIT %(batch)s)
    UNION
    (SELECT id FROM taskrunner_tasks
    WHERE NOT %(in_grace)s AND status = 'leased'
        AND lease_expires_at > taskrunner_now() + make_interval(secs => 2 * %(lease_seconds)s)
    LIMIT %(batch)s)
    UNION
    (SELECT id FROM taskrunner_tasks
    WHERE EXISTS (SELECT FROM gone) AND status = 'leased' AND worker_id IN (SELECT id FROM gone)
    LIMIT %(batch)s)
)
SELECT t.id, t.attempt, t.worker_id, w.machine, w.pid, w.start_ticks, w.stopped_at
FROM taskrunner_tasks t LEFT JOIN taskrunner_workers w ON w.id = t.worker_id
-- not "status = 'leased'", which would let the planner walk the index of leases for a second time
WHERE t.id = ANY (ARRAY(SELECT id FROM found)) AND t.lease_expires_at IS NOT NULL
    AND (t.lease_expires_at < taskrunner_now()
        OR t.lease_expires_at > taskrunner_now() + make_interval(secs => 2 * %(lease_seconds)s)
        OR t.worker_id IN (SELECT id FROM gone))
ORDER BY t.id LIMIT %(batch)s
FOR UPDATE OF t SKIP LOCKED
