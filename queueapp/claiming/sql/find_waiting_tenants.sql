-- Who has something queued, and from which number on at each priority. Lanes are known up to `after`; those that are
-- not known have nothing up to `elsewhere`. Newcomers are found by skipping through the index from tenant to tenant.
WITH RECURSIVE kind AS (
    SELECT * FROM unnest(%(kinds)s::integer[], %(elsewhere)s::bigint[]) AS k (kind_id, elsewhere)
), newcomer AS (
    SELECT kind.*, (
        SELECT t.tenant_id FROM tasks t
        WHERE t.kind_id = kind.kind_id AND t.status = 'queued' AND t.ready_seq > kind.elsewhere
            AND t.tenant_id > '00000000-0000-0000-0000-000000000000'
        ORDER BY t.tenant_id LIMIT 1) AS tenant_id
    FROM kind
    UNION ALL
    SELECT last.kind_id, last.elsewhere, (
        SELECT t.tenant_id FROM tasks t
        WHERE t.kind_id = last.kind_id AND t.status = 'queued' AND t.ready_seq > last.elsewhere
            AND t.tenant_id > last.tenant_id
        ORDER BY t.tenant_id LIMIT 1)
    FROM newcomer last WHERE last.tenant_id IS NOT NULL
), known AS MATERIALIZED (
    SELECT * FROM unnest(%(lane_kinds)s::integer[], %(tenants)s::uuid[], %(priorities)s::smallint[], %(after)s::bigint[])
        AS lane (kind_id, tenant_id, priority, after)
), lane AS (
    SELECT * FROM known
    UNION ALL
    SELECT n.kind_id, n.tenant_id, p.priority::smallint, n.elsewhere
    FROM newcomer n CROSS JOIN generate_series(1, 10) AS p (priority)
    WHERE n.tenant_id IS NOT NULL AND (n.kind_id, n.tenant_id, p.priority::smallint) NOT IN (
        SELECT kind_id, tenant_id, priority FROM known)
)
SELECT * FROM (
    SELECT lane.kind_id, lane.tenant_id, lane.priority, (
        SELECT t.ready_seq FROM tasks t
        WHERE t.kind_id = lane.kind_id AND t.tenant_id = lane.tenant_id AND t.priority = lane.priority
            AND t.status = 'queued' AND t.ready_seq > lane.after
        ORDER BY t.ready_seq LIMIT 1) AS ready_seq
    FROM lane) AS found
WHERE ready_seq IS NOT NULL
