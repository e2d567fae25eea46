-- How many queued tasks of a queue come before a place in its order, counted up to `limit`. Each sub-queue (a partition
-- at a priority) is read between two places, in index order; of those above `all_above` every task counts.
WITH RECURSIVE sub_queue AS (
    -- found by skipping through the index from one priority to the next
    SELECT k.id AS partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = k.id AND t.status = 'queued' AND t.priority BETWEEN %(lowest)s::smallint AND %(highest)s::smallint
        ORDER BY t.priority LIMIT 1) AS priority
    FROM taskrunner_used_partitions k WHERE k.queue = %(queue)s
    UNION ALL
    SELECT partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.status = 'queued' AND t.priority > sub_queue.priority
            AND t.priority <= %(highest)s::smallint
        ORDER BY t.priority LIMIT 1)
    FROM sub_queue WHERE priority IS NOT NULL
), span AS (
    SELECT partition_id, priority, CASE WHEN priority > %(all_above)s::smallint THEN 0 ELSE %(after)s::bigint END AS after,
        CASE WHEN priority > %(all_above)s::smallint THEN 9223372036854775807 ELSE %(before)s::bigint END AS before
    FROM sub_queue WHERE priority IS NOT NULL
)
SELECT count(*)::integer AS ahead FROM (
    SELECT FROM span CROSS JOIN LATERAL (
        SELECT FROM taskrunner_tasks t
        WHERE t.partition_id = span.partition_id AND t.priority = span.priority AND t.status = 'queued'
            AND t.ready_seq > span.after AND t.ready_seq < span.before
            AND (%(tenant_id)s::uuid IS NULL OR t.tenant_id = %(tenant_id)s)
        LIMIT %(limit)s) AS ahead
    LIMIT %(limit)s) AS counted
