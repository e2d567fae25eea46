-- fair: one task of each tenant in turn, its most urgent, starting after the tenant that was served last.
-- The ring of tenants is found by skipping through the index from one tenant's entries to the next one's.
-- The set's size is decided as in claim_in_order.sql.
WITH RECURSIVE ahead AS (
    SELECT 1 AS place, (SELECT n.tenant_id FROM unnest(%(kinds)s::integer[]) AS k (kind_id) CROSS JOIN LATERAL (
        SELECT t.tenant_id FROM tasks t
        WHERE t.kind_id = k.kind_id AND t.status = 'queued' AND t.tenant_id > %(last_tenant)s::uuid
        ORDER BY t.tenant_id LIMIT 1) AS n
    ORDER BY n.tenant_id LIMIT 1) AS tenant_id
    UNION ALL
    SELECT ahead.place + 1, (SELECT n.tenant_id FROM unnest(%(kinds)s::integer[]) AS k (kind_id) CROSS JOIN LATERAL (
        SELECT t.tenant_id FROM tasks t
        WHERE t.kind_id = k.kind_id AND t.status = 'queued' AND t.tenant_id > ahead.tenant_id
        ORDER BY t.tenant_id LIMIT 1) AS n
    ORDER BY n.tenant_id LIMIT 1)
    FROM ahead WHERE ahead.tenant_id IS NOT NULL AND ahead.place < %(most)s
), behind AS (
    SELECT 1 + %(most)s AS place, (SELECT n.tenant_id FROM unnest(%(kinds)s::integer[]) AS k (kind_id) CROSS JOIN LATERAL (
        SELECT t.tenant_id FROM tasks t
        WHERE t.kind_id = k.kind_id AND t.status = 'queued' AND t.tenant_id > '00000000-0000-0000-0000-000000000000'
        ORDER BY t.tenant_id LIMIT 1) AS n
    ORDER BY n.tenant_id LIMIT 1) AS tenant_id
    WHERE (SELECT count(tenant_id) FROM ahead) < %(most)s
    UNION ALL
    SELECT behind.place + 1, (SELECT n.tenant_id FROM unnest(%(kinds)s::integer[]) AS k (kind_id) CROSS JOIN LATERAL (
        SELECT t.tenant_id FROM tasks t
        WHERE t.kind_id = k.kind_id AND t.status = 'queued' AND t.tenant_id > behind.tenant_id
        ORDER BY t.tenant_id LIMIT 1) AS n
    ORDER BY n.tenant_id LIMIT 1)
    FROM behind WHERE behind.tenant_id < %(last_tenant)s::uuid AND behind.place < 2 * %(most)s
), ring AS MATERIALIZED (
    SELECT place, tenant_id, ceil(%(reach)s::float8 / count(*) OVER ())::integer AS share
    FROM (
        SELECT * FROM ahead WHERE tenant_id IS NOT NULL
        UNION ALL SELECT * FROM behind WHERE tenant_id <= %(last_tenant)s::uuid
        ORDER BY place LIMIT %(most)s) AS turn
), candidate AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost,
        -- everybody's first task, then everybody's second, each round in the order of the ring
        row_number() OVER (PARTITION BY ring.tenant_id ORDER BY head.priority DESC, head.ready_seq) * 1000 + ring.place AS rank
    FROM ring CROSS JOIN unnest(%(kinds)s::integer[], %(set_sizes)s::integer[]) AS k (kind_id, set_size)
    CROSS JOIN LATERAL (
        SELECT t.id, t.priority, t.ready_seq, CASE WHEN t.crash_count > 0 THEN 1 ELSE 1.0::float8 / k.set_size END AS cost
        FROM tasks t
        WHERE t.kind_id = k.kind_id AND t.tenant_id = ring.tenant_id AND t.status = 'queued'
        ORDER BY t.priority DESC, t.ready_seq LIMIT ring.share) AS head
    ORDER BY rank LIMIT %(reach)s
), locked AS MATERIALIZED (
    SELECT t.id, candidate.rank, candidate.ready_seq, candidate.cost
    FROM candidate JOIN tasks t ON t.id = candidate.id
    WHERE t.status = 'queued'
    ORDER BY candidate.rank, candidate.ready_seq LIMIT %(most)s
    FOR UPDATE OF t SKIP LOCKED
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
