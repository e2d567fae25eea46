-- The same of one tenant, in partitions that are known to have something queued by somebody.
WITH RECURSIVE head AS (
    SELECT first.* FROM unnest(%(partitions)s::bigint[]) AS wanted (partition_id) CROSS JOIN LATERAL (
        SELECT t.partition_id, t.priority, t.queue, t.type, t.requirements, t.run_at FROM taskrunner_tasks t
        WHERE t.partition_id = wanted.partition_id AND t.tenant_id = %(tenant_id)s::uuid AND t.status = 'queued'
        ORDER BY t.priority, t.ready_seq LIMIT 1) AS first
    UNION ALL
    SELECT next.* FROM head CROSS JOIN LATERAL (
        SELECT t.partition_id, t.priority, t.queue, t.type, t.requirements, t.run_at FROM taskrunner_tasks t
        WHERE t.partition_id = head.partition_id AND t.tenant_id = %(tenant_id)s::uuid AND t.status = 'queued'
            AND t.priority > head.priority
        ORDER BY t.priority, t.ready_seq LIMIT 1) AS next
)
SELECT partition_id, queue, type, requirements, run_at FROM head
