-- The oldest ready task of a tenant in each queue where it has one.
WITH RECURSIVE sub_queue AS (
    -- found by skipping through the index from one priority to the next
    SELECT k.queue, k.id AS partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = k.id AND t.tenant_id = %(tenant_id)s AND t.status = 'queued'
        ORDER BY t.priority LIMIT 1) AS priority
    FROM taskrunner_used_partitions k
    UNION ALL
    SELECT last.queue, last.partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = last.partition_id AND t.tenant_id = %(tenant_id)s AND t.status = 'queued'
            AND t.priority > last.priority
        ORDER BY t.priority LIMIT 1)
    FROM sub_queue last WHERE last.priority IS NOT NULL
)
SELECT DISTINCT ON (sub_queue.queue) sub_queue.queue, head.id AS oldest_task_id,
    extract(epoch FROM taskrunner_clock() - head.run_at)::double precision AS oldest_wait_seconds
FROM sub_queue CROSS JOIN LATERAL (
    SELECT t.id, t.run_at FROM taskrunner_tasks t
    WHERE t.partition_id = sub_queue.partition_id AND t.tenant_id = %(tenant_id)s
        AND t.priority = sub_queue.priority AND t.status = 'queued'
    ORDER BY t.ready_seq LIMIT 1) AS head
ORDER BY sub_queue.queue, head.run_at
