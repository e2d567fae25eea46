-- Every queue with its counts by status, its oldest ready task, and how many live workers serve it and are busy.
WITH RECURSIVE busy AS MATERIALIZED (
    SELECT DISTINCT worker_id AS id FROM taskrunner_tasks WHERE status = 'leased'
), sub_queue AS (
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
    oldest.seconds AS oldest_wait_seconds, oldest.id AS oldest_task_id, serving.live_workers, serving.busy_workers,
    ARRAY(
-- include: unconfirmed_workers.sql
    ) AS unconfirmed_by
FROM taskrunner_queues q
LEFT JOIN LATERAL (
    SELECT head.id, extract(epoch FROM taskrunner_clock() - head.run_at)::double precision AS seconds
    FROM sub_queue CROSS JOIN LATERAL (
        SELECT t.id, t.run_at FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
        ORDER BY t.ready_seq LIMIT 1) AS head
    WHERE sub_queue.queue = q.name ORDER BY head.run_at LIMIT 1
) AS oldest ON true
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS live_workers,
        (count(*) FILTER (WHERE w.id IN (SELECT id FROM busy)))::integer AS busy_workers
    FROM taskrunner_workers w
    WHERE (w.queues IS NULL OR q.name = ANY (w.queues)) AND w.stopped_at IS NULL
        AND w.heartbeat_at > taskrunner_clock() - make_interval(secs => %(dead_after)s)
) AS serving
ORDER BY q.name
