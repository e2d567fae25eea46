-- How many queued tasks of a queue come before a place in its order, counted up to `limit`: each sub-queue (a partition
-- at a priority) is read between two places, in index order.
SELECT count(*)::integer AS ahead FROM (
    SELECT FROM taskrunner_used_partitions k
    CROSS JOIN unnest(%(priorities)s::smallint[], %(after)s::bigint[], %(before)s::bigint[])
        AS sub_queue (priority, after, before)
    CROSS JOIN LATERAL (
        SELECT FROM taskrunner_tasks t
        WHERE t.partition_id = k.id AND t.priority = sub_queue.priority AND t.status = 'queued'
            AND t.ready_seq > sub_queue.after AND t.ready_seq < sub_queue.before
            AND (%(tenant_id)s::uuid IS NULL OR t.tenant_id = %(tenant_id)s)
        LIMIT %(limit)s) AS ahead
    WHERE k.queue = %(queue)s
    LIMIT %(limit)s) AS counted
