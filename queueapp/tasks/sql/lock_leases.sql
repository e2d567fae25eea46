-- What workers hold, locked until the transaction ends: by id, as every statement that locks many tasks.
-- Each lease was renewed with its worker's last heartbeat, or taken after it, so the index of leases need not be read from
-- its start, where under somebody's snapshot it keeps an entry of every task that passed.
SELECT t.id, t.tenant_id, t.attempt, t.worker_id, t.type, t.queue, t.failures, t.timeout_seconds
FROM taskrunner_tasks t
WHERE t.status = 'leased' AND t.worker_id = ANY (%(workers)s::uuid[]) AND t.lease_expires_at > (
    SELECT least(min(w.heartbeat_at), taskrunner_now()) - interval '1 minute'
    FROM taskrunner_workers w WHERE w.id = ANY (%(workers)s::uuid[]))
ORDER BY t.id FOR UPDATE OF t
