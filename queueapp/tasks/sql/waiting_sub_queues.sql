-- The head of each sub-queue (a partition at a priority) in which anything is queued, of all tenants: from one to the next
-- through the index of queued tasks. Compared as a row, so that no other index gives the order.
WITH RECURSIVE head AS (
    (SELECT t.partition_id, t.priority, t.queue, t.type, t.requirements, t.run_at FROM taskrunner_tasks t
    WHERE t.status = 'queued' ORDER BY t.partition_id, t.priority, t.ready_seq LIMIT 1)
    UNION ALL
    SELECT next.* FROM head CROSS JOIN LATERAL (
        SELECT t.partition_id, t.priority, t.queue, t.type, t.requirements, t.run_at FROM taskrunner_tasks t
        WHERE t.status = 'queued' AND (t.partition_id, t.priority) > (head.partition_id, head.priority)
        ORDER BY t.partition_id, t.priority, t.ready_seq LIMIT 1) AS next
)
SELECT partition_id, queue, type, requirements, run_at FROM head
