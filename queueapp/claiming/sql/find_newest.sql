-- The newest queued task of each sub-queue, outside the stretch in which nothing can be.
WITH RECURSIVE known AS MATERIALIZED (
    SELECT * FROM unnest(%(partitions)s::bigint[], %(priorities)s::smallint[], %(after)s::bigint[], %(until)s::bigint[])
        AS known (partition_id, priority, after, until)
),
-- include: new_sub_queues.sql
SELECT sub_queue.partition_id, sub_queue.priority, coalesce((
    SELECT t.ready_seq FROM taskrunner_tasks t
    WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
        AND t.ready_seq > sub_queue.until
    ORDER BY t.ready_seq DESC LIMIT 1), (
    SELECT t.ready_seq FROM taskrunner_tasks t
    WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
        AND t.ready_seq <= sub_queue.after
    ORDER BY t.ready_seq DESC LIMIT 1)) AS ready_seq
FROM (SELECT * FROM known UNION ALL SELECT partition_id, priority, 0, elsewhere FROM new_sub_queue WHERE priority IS NOT NULL)
    AS sub_queue (partition_id, priority, after, until)
