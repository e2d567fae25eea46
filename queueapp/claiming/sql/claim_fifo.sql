-- fifo and priority: lease the next tasks by arrival, or by priority and then arrival.
-- A sub-queue is a partition at a priority. Each is read from its cursor, in index order, and no further than
-- `scan_limit`.
-- The batch ends where its cost passes 1: a task costs 1/batch_size of its type, and one whose worker died before
-- costs 1, so that it runs alone and a poison pill takes no neighbours with it.
WITH sub_queue AS MATERIALIZED (
    SELECT * FROM unnest(%(partitions)s::bigint[], %(priorities)s::smallint[], %(batch_sizes)s::integer[],
        %(cursors)s::bigint[]) AS sub_queue (partition_id, priority, batch_size, cursor)
), candidate AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost, CASE WHEN %(by_priority)s THEN -sub_queue.priority ELSE 0 END AS rank
    FROM sub_queue CROSS JOIN LATERAL (
        SELECT t.id, t.ready_seq, CASE WHEN t.crash_count > 0 THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
        FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
            AND t.ready_seq > sub_queue.cursor
        ORDER BY t.ready_seq LIMIT %(scan_limit)s) AS head
    ORDER BY rank, head.ready_seq LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.tenant_id, t.partition_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.max_retries, t.timeout_seconds, (SELECT count(*) FROM candidate) AS seen
