-- Every queue with its counts by status, the age of its oldest ready task, and how many live workers serve it.
SELECT q.name, q.strategy, q.paused_at,
    coalesce(
        (SELECT jsonb_object_agg(c.status, c.tasks) FROM (
            SELECT status, sum(tasks)::bigint AS tasks FROM taskrunner_task_counts
            WHERE queue = q.name GROUP BY status HAVING sum(tasks) <> 0) c),
        '{}') AS counts,
    -- the head of every partition at every priority, as the index has them
    (SELECT extract(epoch FROM taskrunner_clock() - min(head.run_at))::double precision
        FROM taskrunner_used_partitions k CROSS JOIN generate_series(1, 10) AS p (priority) CROSS JOIN LATERAL (
            SELECT t.run_at FROM taskrunner_tasks t
            WHERE t.partition_id = k.id AND t.priority = p.priority::smallint AND t.status = 'queued'
            ORDER BY t.ready_seq LIMIT 1) AS head
        WHERE k.queue = q.name) AS oldest_wait_seconds,
    (SELECT count(*)::integer FROM taskrunner_workers w
        WHERE (w.queues IS NULL OR q.name = ANY (w.queues)) AND w.stopped_at IS NULL
            AND w.heartbeat_at > taskrunner_clock() - make_interval(secs => %(dead_after)s)) AS live_workers,
    ARRAY(
-- include: unconfirmed_workers.sql
    ) AS unconfirmed_by
FROM taskrunner_queues q ORDER BY q.name
