-- For workers that lease over HTTP: lease the next tasks of one tenant, by priority and then arrival.
-- Read in index order, however many tasks of other tenants wait ahead. A task whose worker died before costs a
-- whole batch, so that it is claimed alone, as in claim_fifo.sql.
WITH candidate AS MATERIALIZED (
    SELECT head.* FROM unnest(%(partitions)s::bigint[]) AS k (partition_id) CROSS JOIN LATERAL (
        SELECT t.id, -t.priority AS rank, t.ready_seq,
            CASE WHEN t.crash_count > 0 THEN 1 ELSE 1.0::float8 / %(limit)s::integer END AS cost
        FROM taskrunner_tasks t
        WHERE t.partition_id = k.partition_id AND t.tenant_id = %(tenant_id)s AND t.status = 'queued'
        ORDER BY t.priority DESC, t.ready_seq LIMIT %(scan_limit)s) AS head
    ORDER BY head.rank, head.ready_seq LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.type, t.queue, t.priority, t.params, t.requirements, t.labels, t.attempt, t.failures,
    t.max_retries, t.timeout_seconds, t.created_at, t.lease_expires_at
