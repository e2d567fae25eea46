-- fair: one task of each tenant in turn, its most urgent, then everybody's second, and so on.
-- A sub-queue is a partition, a tenant and a priority; `place` is the tenant's turn. Each is read from its cursor.
-- The size of the batch is decided as in claim_fifo.sql.
WITH sub_queue AS MATERIALIZED (
    SELECT * FROM unnest(%(sub_queue_partitions)s::bigint[], %(tenants)s::uuid[], %(priorities)s::smallint[],
        %(batch_sizes)s::integer[], %(places)s::integer[], %(cursors)s::bigint[])
        AS sub_queue (partition_id, tenant_id, priority, batch_size, place, cursor)
), candidate AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost,
        row_number() OVER (PARTITION BY sub_queue.place ORDER BY sub_queue.priority DESC, head.ready_seq) * 1000
            + sub_queue.place AS rank
    FROM sub_queue CROSS JOIN LATERAL (
        SELECT t.id, t.ready_seq,
            CASE WHEN t.crash_count > 0 OR t.error_code = 'worker_died' THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
        FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.tenant_id = sub_queue.tenant_id
            AND t.priority = sub_queue.priority AND t.status = 'queued' AND t.ready_seq > sub_queue.cursor
            AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
        ORDER BY t.ready_seq LIMIT %(share)s) AS head
    ORDER BY rank LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.tenant_id, t.partition_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.max_retries, t.timeout_seconds, t.crash_count > 0 OR t.error_code = 'worker_died' AS runs_alone,
    extract(epoch FROM t.expires_at - taskrunner_clock())::double precision AS expires_in_seconds,
    (SELECT count(*) FROM candidate) AS seen
