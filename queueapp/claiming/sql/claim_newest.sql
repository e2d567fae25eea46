-- lifo: lease the newest tasks first, whatever their priority. The set's size is decided as in claim_in_order.sql.
-- Each sub-queue is read above and below the stretch in which all is done.
WITH sub_queue AS MATERIALIZED (
    SELECT * FROM unnest(%(partitions)s::integer[], %(priorities)s::smallint[], %(batch_sizes)s::integer[],
        %(after)s::bigint[], %(until)s::bigint[]) AS sub_queue (partition_id, priority, batch_size, after, until)
), candidate AS MATERIALIZED (
    SELECT head.id, -head.ready_seq AS ready_seq, 0 AS rank,
        CASE WHEN head.crash_count > 0 THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
    FROM sub_queue CROSS JOIN LATERAL (
        (SELECT t.id, t.ready_seq, t.crash_count FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued' AND t.ready_seq > sub_queue.until
        ORDER BY t.ready_seq DESC LIMIT %(scan_limit)s)
        UNION ALL
        (SELECT t.id, t.ready_seq, t.crash_count FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued' AND t.ready_seq <= sub_queue.after
        ORDER BY t.ready_seq DESC LIMIT %(scan_limit)s)
        LIMIT %(scan_limit)s) AS head
    ORDER BY head.ready_seq DESC LIMIT %(scan_limit)s
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
