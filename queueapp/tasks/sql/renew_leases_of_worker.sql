-- Give everything that a worker holds a new lease: for a process that computes and so cannot renew by itself.
WITH held AS (
    SELECT t.id FROM taskrunner_tasks t
    WHERE t.status = 'leased' AND t.worker_id = %(worker_id)s AND t.lease_expires_at > (
        SELECT least(w.heartbeat_at, taskrunner_clock()) - interval '1 minute'
        FROM taskrunner_workers w WHERE w.id = %(worker_id)s AND w.stopped_at IS NULL)
    ORDER BY t.id FOR UPDATE OF t
)
UPDATE taskrunner_tasks t SET updated_at = taskrunner_clock(),
    lease_expires_at = taskrunner_clock() + make_interval(secs => %(lease_seconds)s)
FROM held WHERE t.id = held.id
RETURNING t.id
