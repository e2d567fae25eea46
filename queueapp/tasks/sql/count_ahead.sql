-- How many queued tasks of a queue come before a place in its order, counted up to `most`: each lane (a kind at a
-- priority) is read between two places, in index order.
SELECT count(*)::integer AS ahead FROM (
    SELECT FROM taskrunner_partitions k
    CROSS JOIN unnest(%(priorities)s::smallint[], %(after)s::bigint[], %(before)s::bigint[]) AS lane (priority, after, before)
    CROSS JOIN LATERAL (
        SELECT FROM taskrunner_tasks t
        WHERE t.partition_id = k.id AND t.priority = lane.priority AND t.status = 'queued'
            AND t.ready_seq > lane.after AND t.ready_seq < lane.before
            AND (%(tenant_id)s::uuid IS NULL OR t.tenant_id = %(tenant_id)s)
        LIMIT %(most)s) AS ahead
    WHERE k.queue = %(queue)s
    LIMIT %(most)s) AS counted
