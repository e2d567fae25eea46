-- fair: one task of each tenant in turn, its most urgent, then everybody's second, and so on.
-- A lane is a kind, a tenant and a priority; `place` is the tenant's turn. Each is read from its mark.
-- The set's size is decided as in claim_in_order.sql.
WITH lane AS MATERIALIZED (
    SELECT * FROM unnest(%(lane_kinds)s::integer[], %(tenants)s::uuid[], %(priorities)s::smallint[],
        %(set_sizes)s::integer[], %(places)s::integer[], %(marks)s::bigint[])
        AS lane (kind_id, tenant_id, priority, set_size, place, mark)
), candidate AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost,
        row_number() OVER (PARTITION BY lane.place ORDER BY lane.priority DESC, head.ready_seq) * 1000 + lane.place AS rank
    FROM lane CROSS JOIN LATERAL (
        SELECT t.id, t.ready_seq, CASE WHEN t.crash_count > 0 THEN 1 ELSE 1.0::float8 / lane.set_size END AS cost
        FROM tasks t
        WHERE t.kind_id = lane.kind_id AND t.tenant_id = lane.tenant_id AND t.priority = lane.priority
            AND t.status = 'queued' AND t.ready_seq > lane.mark
        ORDER BY t.ready_seq LIMIT %(share)s) AS head
    ORDER BY rank LIMIT %(reach)s
), locked AS MATERIALIZED (
    -- one after the other in their order, until there are enough. || '' leaves the planner nothing but the primary key:
    -- while a table is new, walking an index of queued tasks for each would look as good to it
    SELECT candidate.* FROM candidate CROSS JOIN LATERAL (
        SELECT FROM tasks t WHERE t.id = candidate.id AND t.status || '' = 'queued' FOR UPDATE SKIP LOCKED) AS still_there
    LIMIT %(most)s
), chosen AS MATERIALIZED (
    SELECT id, sum(cost) OVER next AS cost_so_far, row_number() OVER next AS position
    FROM locked WINDOW next AS (ORDER BY rank, ready_seq)
)
UPDATE tasks t SET status = 'leased', attempt = t.attempt + 1, worker_id = %(worker_id)s,
    started_at = clock_timestamp(), updated_at = clock_timestamp(),
    lease_expires_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM chosen WHERE t.id = chosen.id AND chosen.cost_so_far < 1.000001
RETURNING chosen.position, t.id, t.tenant_id, t.kind_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.timeout_seconds, (SELECT count(*) FROM candidate) AS seen
