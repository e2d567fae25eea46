-- Every queue with its counts by status, the age of its oldest ready task, and how many live workers serve it.
WITH RECURSIVE sub_queue AS (
    -- found by skipping through the index from one priority to the next
    SELECT k.queue, k.id AS partition_id, (
        SELECT t.priority FROM taskrunner_tasks t WHERE t.partition_id = k.id AND t.status = 'queued'
        ORDER BY t.priority LIMIT 1) AS priority
    FROM taskrunner_used_partitions k
    UNION ALL
    SELECT last.queue, last.partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = last.partition_id AND t.status = 'queued' AND t.priority > last.priority
        ORDER BY t.priority LIMIT 1)
    FROM sub_queue last WHERE last.priority IS NOT NULL
)
SELECT q.name, q.strategy, q.paused_at, q.paused_by, q.pause_reason, q.paused_until,
    coalesce(
        (SELECT jsonb_object_agg(c.status, c.tasks) FROM (
            SELECT status, sum(tasks)::bigint AS tasks FROM taskrunner_task_counts
            WHERE queue = q.name GROUP BY status HAVING sum(tasks) <> 0) c),
        '{}') AS counts,
    (SELECT extract(epoch FROM taskrunner_clock() - min(head.run_at))::double precision
        FROM sub_queue CROSS JOIN LATERAL (
            SELECT t.run_at FROM taskrunner_tasks t
            WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
            ORDER BY t.ready_seq LIMIT 1) AS head
        WHERE sub_queue.queue = q.name) AS oldest_wait_seconds,
    (SELECT count(*)::integer FROM taskrunner_workers w
        WHERE (w.queues IS NULL OR q.name = ANY (w.queues)) AND w.stopped_at IS NULL
            AND w.heartbeat_at > taskrunner_clock() - make_interval(secs => %(dead_after)s)) AS live_workers,
    ARRAY(
-- include: unconfirmed_workers.sql
    ) AS unconfirmed_by
FROM taskrunner_queues q ORDER BY q.name
