-- weighted_random: draw priorities in proportion to themselves (10 ten times as often as 1), then the oldest of each.
-- The tasks of a priority arrive as a Poisson process of that rate: the first `limit` arrivals of all priorities are
-- exactly so many draws without replacement. The size of the batch is decided as in claim_fifo.sql.
WITH sub_queue AS MATERIALIZED (
    SELECT * FROM unnest(%(partitions)s::bigint[], %(priorities)s::smallint[], %(batch_sizes)s::integer[],
        %(cursors)s::bigint[]) AS sub_queue (partition_id, priority, batch_size, cursor)
), waiting AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost, sub_queue.priority,
        row_number() OVER (PARTITION BY sub_queue.priority ORDER BY head.ready_seq) AS place
    FROM sub_queue CROSS JOIN LATERAL (
        SELECT t.id, t.ready_seq,
            CASE WHEN t.crash_count > 0 OR t.error_code = 'worker_died' THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
        FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
            AND t.ready_seq > sub_queue.cursor
            AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
        ORDER BY t.ready_seq LIMIT %(scan_limit)s) AS head
), candidate AS MATERIALIZED (
    SELECT id, ready_seq, cost,
        sum(-ln(1 - random()) / greatest(priority, 1)) OVER (PARTITION BY priority ORDER BY place) AS rank
    FROM waiting WHERE place <= %(scan_limit)s
    ORDER BY rank LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.tenant_id, t.partition_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.max_retries, t.timeout_seconds, t.crash_count > 0 OR t.error_code = 'worker_died' AS runs_alone,
    extract(epoch FROM t.expires_at - taskrunner_clock())::double precision AS expires_in_seconds,
    (SELECT count(*) FROM candidate) AS seen
