-- Whose tasks are queued in some partitions: from one tenant to the next through the index of queued tasks.
WITH RECURSIVE found AS (
    SELECT first.* FROM unnest(%(partitions)s::bigint[]) AS wanted (partition_id) CROSS JOIN LATERAL (
        SELECT t.partition_id, t.tenant_id FROM taskrunner_tasks t
        WHERE t.partition_id = wanted.partition_id AND t.status = 'queued'
        ORDER BY t.tenant_id, t.priority LIMIT 1) AS first
    UNION ALL
    SELECT next.* FROM found CROSS JOIN LATERAL (
        SELECT t.partition_id, t.tenant_id FROM taskrunner_tasks t
        WHERE t.partition_id = found.partition_id AND t.status = 'queued' AND t.tenant_id > found.tenant_id
        ORDER BY t.tenant_id, t.priority LIMIT 1) AS next
)
SELECT partition_id, tenant_id FROM found LIMIT %(limit)s
