-- lifo: lease the newest tasks first, whatever their priority. The size of the batch is decided as in claim_fifo.sql.
-- Each sub-queue is read above and below the stretch in which all is done.
WITH sub_queue AS MATERIALIZED (
    SELECT * FROM unnest(%(partitions)s::bigint[], %(priorities)s::smallint[], %(batch_sizes)s::integer[],
        %(after)s::bigint[], %(until)s::bigint[]) AS sub_queue (partition_id, priority, batch_size, after, until)
), candidate AS MATERIALIZED (
    SELECT head.id, -head.ready_seq AS ready_seq, 0 AS rank,
        CASE WHEN head.crash_count > 0 OR head.error_code = 'worker_died' THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
    FROM sub_queue CROSS JOIN LATERAL (
        (SELECT t.id, t.ready_seq, t.crash_count, t.error_code FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
            AND t.ready_seq > sub_queue.until
            AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
        ORDER BY t.ready_seq DESC LIMIT %(scan_limit)s)
        UNION ALL
        (SELECT t.id, t.ready_seq, t.crash_count, t.error_code FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
            AND t.ready_seq <= sub_queue.after
            AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
        ORDER BY t.ready_seq DESC LIMIT %(scan_limit)s)
        LIMIT %(scan_limit)s) AS head
    ORDER BY head.ready_seq DESC LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.tenant_id, t.partition_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.max_retries, t.timeout_seconds, t.crash_count > 0 OR t.error_code = 'worker_died' AS runs_alone,
    extract(epoch FROM t.expires_at - taskrunner_clock())::double precision AS expires_in_seconds,
    (SELECT count(*) FROM candidate) AS seen
