-- For workers that lease over HTTP: lease the next tasks of one tenant, by priority and then arrival.
-- Read in index order, however many tasks of other tenants wait ahead. A task whose worker died before costs a
-- whole set, so that it is claimed alone, as in claim_in_order.sql.
WITH candidate AS MATERIALIZED (
    SELECT head.* FROM unnest(%(partitions)s::integer[]) AS k (partition_id) CROSS JOIN LATERAL (
        SELECT t.id, t.priority, t.ready_seq, CASE WHEN t.crash_count > 0 THEN %(most)s ELSE 1 END AS cost
        FROM taskrunner_tasks t
        WHERE t.partition_id = k.partition_id AND t.tenant_id = %(tenant_id)s AND t.status = 'queued'
        ORDER BY t.priority DESC, t.ready_seq LIMIT %(scan_limit)s) AS head
    ORDER BY head.priority DESC, head.ready_seq LIMIT %(scan_limit)s
), locked AS MATERIALIZED (
    -- one after the other in their order, until there are enough. || '' leaves the planner nothing but the primary key:
    -- while a table is new, walking an index of queued tasks for each would look as good to it
    SELECT candidate.* FROM candidate CROSS JOIN LATERAL (
        SELECT FROM taskrunner_tasks t WHERE t.id = candidate.id AND t.status || '' = 'queued' FOR UPDATE SKIP LOCKED) AS still_there
    LIMIT %(most)s
), chosen AS MATERIALIZED (
    SELECT id, sum(cost) OVER next AS cost_so_far, row_number() OVER next AS position
    FROM locked WINDOW next AS (ORDER BY priority DESC, ready_seq)
)
UPDATE taskrunner_tasks t SET status = 'leased', attempt = t.attempt + 1, worker_id = %(worker_id)s,
    started_at = clock_timestamp(), updated_at = clock_timestamp(),
    lease_expires_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM chosen WHERE t.id = chosen.id AND chosen.cost_so_far <= %(most)s
RETURNING chosen.position, t.id, t.type, t.queue, t.priority, t.params, t.requirements, t.labels, t.attempt, t.failures,
    t.max_retries, t.timeout_seconds, t.created_at, t.lease_expires_at
