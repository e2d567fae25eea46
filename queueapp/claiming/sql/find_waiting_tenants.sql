-- Who has something queued, and from which number on at each priority. Sub-queues are known up to `after`; those that are
-- not known have nothing up to `elsewhere`. Newcomers are found by skipping through the index from tenant to tenant.
WITH RECURSIVE partition AS (
    SELECT * FROM unnest(%(partitions)s::bigint[], %(elsewhere)s::bigint[]) AS k (partition_id, elsewhere)
), newcomer AS (
    SELECT partition.*, (
        SELECT t.tenant_id FROM taskrunner_tasks t
        WHERE t.partition_id = partition.partition_id AND t.status = 'queued' AND t.ready_seq > partition.elsewhere
            AND t.tenant_id > '00000000-0000-0000-0000-000000000000'
        ORDER BY t.tenant_id LIMIT 1) AS tenant_id
    FROM partition
    UNION ALL
    SELECT last.partition_id, last.elsewhere, (
        SELECT t.tenant_id FROM taskrunner_tasks t
        WHERE t.partition_id = last.partition_id AND t.status = 'queued' AND t.ready_seq > last.elsewhere
            AND t.tenant_id > last.tenant_id
        ORDER BY t.tenant_id LIMIT 1)
    FROM newcomer last WHERE last.tenant_id IS NOT NULL
), known AS MATERIALIZED (
    SELECT * FROM unnest(%(sub_queue_partitions)s::bigint[], %(tenants)s::uuid[], %(priorities)s::smallint[], %(after)s::bigint[])
        AS sub_queue (partition_id, tenant_id, priority, after)
), sub_queue AS (
    SELECT * FROM known
    UNION ALL
    SELECT n.partition_id, n.tenant_id, p.priority::smallint, n.elsewhere
    FROM newcomer n CROSS JOIN generate_series(1, 10) AS p (priority)
    WHERE n.tenant_id IS NOT NULL AND (n.partition_id, n.tenant_id, p.priority::smallint) NOT IN (
        SELECT partition_id, tenant_id, priority FROM known)
)
SELECT * FROM (
    SELECT sub_queue.partition_id, sub_queue.tenant_id, sub_queue.priority, (
        SELECT t.ready_seq FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.tenant_id = sub_queue.tenant_id AND t.priority = sub_queue.priority
            AND t.status = 'queued' AND t.ready_seq > sub_queue.after
        ORDER BY t.ready_seq LIMIT 1) AS ready_seq
    FROM sub_queue) AS found
WHERE ready_seq IS NOT NULL
