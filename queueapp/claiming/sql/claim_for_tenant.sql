-- For workers that lease over HTTP: lease the next tasks of one tenant in one queue, in the order of its strategy (`fair`
-- is priority, where only one tenant is served). Read through the index of each tenant's tasks, however many of others
-- wait ahead. The sums of weighted_random are explained in claim_weighted_random.sql, the cost in claim_fifo.sql.
WITH RECURSIVE sub_queue AS (
    -- found by skipping through the index from one priority to the next
    SELECT k.partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = k.partition_id AND t.tenant_id = %(tenant_id)s AND t.status = 'queued'
        ORDER BY t.priority LIMIT 1) AS priority
    FROM unnest(%(partitions)s::bigint[]) AS k (partition_id)
    UNION ALL
    SELECT last.partition_id, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = last.partition_id AND t.tenant_id = %(tenant_id)s AND t.status = 'queued'
            AND t.priority > last.priority
        ORDER BY t.priority LIMIT 1)
    FROM sub_queue last WHERE last.priority IS NOT NULL
), waiting AS MATERIALIZED (
    SELECT head.id, head.ready_seq * CASE WHEN %(strategy)s = 'lifo' THEN -1 ELSE 1 END AS ready_seq,
        sub_queue.priority, head.crash_count,
        row_number() OVER (PARTITION BY sub_queue.priority ORDER BY head.ready_seq) AS place
    FROM sub_queue CROSS JOIN LATERAL (
        (SELECT t.id, t.ready_seq, t.crash_count FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.tenant_id = %(tenant_id)s
            AND t.priority = sub_queue.priority AND t.status = 'queued' AND %(strategy)s <> 'lifo'
            AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
        ORDER BY t.ready_seq LIMIT %(scan_limit)s)
        UNION ALL
        (SELECT t.id, t.ready_seq, t.crash_count FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.tenant_id = %(tenant_id)s
            AND t.priority = sub_queue.priority AND t.status = 'queued' AND %(strategy)s = 'lifo'
            AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
        ORDER BY t.ready_seq DESC LIMIT %(scan_limit)s)) AS head
), candidate AS MATERIALIZED (
    SELECT id, ready_seq, CASE WHEN crash_count > 0 THEN 1 ELSE 1.0::float8 / %(limit)s::integer END AS cost,
        CASE %(strategy)s
            WHEN 'fifo' THEN 0
            WHEN 'lifo' THEN 0
            WHEN 'weighted_random' THEN sum(-ln(1 - random()) / greatest(priority, 1)) OVER (PARTITION BY priority ORDER BY place)
            ELSE -priority
        END AS rank
    FROM waiting
    ORDER BY rank, ready_seq LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.type, t.queue, t.priority, t.params, t.requirements,
    coalesce(t.labels, '{}') AS labels, t.attempt, t.failures, t.max_retries, t.timeout_seconds, t.created_at,
    t.lease_expires_at
