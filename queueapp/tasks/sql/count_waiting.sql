-- How many tasks are queued in each group of partitions, counted up to `limit`; of one tenant where it is named. Read in the
-- order that only an index of queued tasks has: another would be read through what is no longer queued.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(%(groups)s::integer[], %(partitions)s::bigint[], %(tenants)s::uuid[])
        AS wanted (number, partition_id, tenant_id)
)
SELECT number, (
    SELECT count(*)::integer FROM (
        SELECT FROM wanted CROSS JOIN LATERAL (
            (SELECT 1 FROM taskrunner_tasks t
            WHERE wanted.tenant_id IS NULL AND t.partition_id = wanted.partition_id AND t.status = 'queued'
            ORDER BY t.priority, t.ready_seq LIMIT %(limit)s)
            UNION ALL
            (SELECT 1 FROM taskrunner_tasks t
            WHERE t.partition_id = wanted.partition_id AND t.tenant_id = wanted.tenant_id AND t.status = 'queued'
            ORDER BY t.priority, t.ready_seq LIMIT %(limit)s)) AS waits
        WHERE wanted.number = groups.number LIMIT %(limit)s) AS counted) AS waiting
FROM (SELECT DISTINCT number FROM wanted) AS groups
