-- Workers, the newest first, and the tasks each one holds now.
SELECT w.id,
    w.stopped_at IS NULL AND w.heartbeat_at > taskrunner_clock() - make_interval(secs => %(dead_after)s) AS is_live,
    extract(epoch FROM taskrunner_clock() - w.heartbeat_at)::double precision AS seconds_since_heartbeat,
    coalesce(held.tasks, '[]') AS tasks
FROM taskrunner_workers w
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', t.id, 'type', t.type, 'attempt', t.attempt, 'started_at', t.started_at)
        ORDER BY t.id) AS tasks
    FROM taskrunner_tasks t WHERE t.status = 'leased' AND t.worker_id = w.id
) held ON true
WHERE w.id = ANY (%(ids)s::uuid[])
    OR %(ids)s::uuid[] IS NULL AND (%(include_dead)s
        OR w.stopped_at IS NULL AND w.heartbeat_at > taskrunner_clock() - make_interval(secs => %(dead_after)s))
ORDER BY w.id DESC LIMIT %(limit)s
