-- fifo and priority: lease the next tasks by arrival, or by priority and then arrival.
-- A sub-queue is a partition at a priority. Each is read from its cursor, in index order, and no further than `scan_limit`.
-- The set ends where its cost passes 1: a task costs 1/batch_size of its type, and one whose worker died before
-- costs 1, so that it runs alone and a poison pill takes no neighbours with it.
WITH sub_queue AS MATERIALIZED (
    SELECT * FROM unnest(%(partitions)s::integer[], %(priorities)s::smallint[], %(batch_sizes)s::integer[], %(cursors)s::bigint[])
        AS sub_queue (partition_id, priority, batch_size, cursor)
), candidate AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost, CASE WHEN %(by_priority)s THEN -sub_queue.priority ELSE 0 END AS rank
    FROM sub_queue CROSS JOIN LATERAL (
        SELECT t.id, t.ready_seq, CASE WHEN t.crash_count > 0 THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
        FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued' AND t.ready_seq > sub_queue.cursor
        ORDER BY t.ready_seq LIMIT %(scan_limit)s) AS head
    ORDER BY rank, head.ready_seq LIMIT %(scan_limit)s
), locked AS MATERIALIZED (
    -- one after the other in their order, until there are enough. || '' leaves the planner nothing but the primary key:
    -- while a table is new, walking an index of queued tasks for each would look as good to it
    SELECT candidate.* FROM candidate CROSS JOIN LATERAL (
        SELECT FROM taskrunner_tasks t WHERE t.id = candidate.id AND t.status || '' = 'queued' FOR UPDATE SKIP LOCKED) AS still_there
    LIMIT %(most)s
), chosen AS MATERIALIZED (
    SELECT id, sum(cost) OVER next AS cost_so_far, row_number() OVER next AS position
    FROM locked WINDOW next AS (ORDER BY rank, ready_seq)
)
UPDATE taskrunner_tasks t SET status = 'leased', attempt = t.attempt + 1, worker_id = %(worker_id)s,
    started_at = clock_timestamp(), updated_at = clock_timestamp(),
    lease_expires_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM chosen WHERE t.id = chosen.id AND chosen.cost_so_far < 1.000001
RETURNING chosen.position, t.id, t.tenant_id, t.partition_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.timeout_seconds, (SELECT count(*) FROM candidate) AS seen
