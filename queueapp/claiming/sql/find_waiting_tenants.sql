-- Who has something queued, and from which number on at each priority. Sub-queues are known up to `after`; in those that are
-- not known nothing is queued up to `elsewhere`. They are found between the known ones, by skipping through the index from
-- one to the next: from priority to priority, from tenant to tenant. The partition is compared as the first of a row, not by
-- itself: another index, of a tenant's tasks of all times, would give the order too.
WITH RECURSIVE known AS MATERIALIZED (
    SELECT * FROM unnest(%(sub_queue_partitions)s::bigint[], %(tenants)s::uuid[], %(priorities)s::smallint[], %(after)s::bigint[])
        AS sub_queue (partition_id, tenant_id, priority, after)
), polled AS (
    SELECT * FROM unnest(%(partitions)s::bigint[], %(elsewhere)s::bigint[]) AS polled (partition_id, elsewhere)
), gap AS MATERIALIZED (
    SELECT partition_id, elsewhere, tenant_id AS from_tenant, priority AS above,
        lead(tenant_id, 1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) OVER following AS to_tenant,
        lead(priority, 1, 32767::smallint) OVER following AS below
    FROM (
        SELECT partition_id, tenant_id, priority FROM known
        UNION ALL
        SELECT partition_id, '00000000-0000-0000-0000-000000000000'::uuid, (-32768)::smallint FROM polled) AS bound
        JOIN polled USING (partition_id)
    WINDOW following AS (PARTITION BY partition_id ORDER BY tenant_id, priority)
), new_sub_queue AS (
    SELECT gap.partition_id, gap.elsewhere, gap.to_tenant, gap.below, next.* FROM gap CROSS JOIN LATERAL (
        SELECT t.tenant_id, t.priority FROM taskrunner_tasks t
        WHERE t.status = 'queued' AND t.ready_seq > gap.elsewhere
            AND (t.partition_id, t.tenant_id, t.priority) > (gap.partition_id, gap.from_tenant, gap.above)
            AND (t.partition_id, t.tenant_id, t.priority) < (gap.partition_id, gap.to_tenant, gap.below)
        ORDER BY t.partition_id, t.tenant_id, t.priority LIMIT 1) AS next
    UNION ALL
    SELECT last.partition_id, last.elsewhere, last.to_tenant, last.below, next.* FROM new_sub_queue last CROSS JOIN LATERAL (
        SELECT t.tenant_id, t.priority FROM taskrunner_tasks t
        WHERE t.status = 'queued' AND t.ready_seq > last.elsewhere
            AND (t.partition_id, t.tenant_id, t.priority) > (last.partition_id, last.tenant_id, last.priority)
            AND (t.partition_id, t.tenant_id, t.priority) < (last.partition_id, last.to_tenant, last.below)
        ORDER BY t.partition_id, t.tenant_id, t.priority LIMIT 1) AS next
)
SELECT * FROM (
    SELECT sub_queue.partition_id, sub_queue.tenant_id, sub_queue.priority, (
        SELECT t.ready_seq FROM taskrunner_tasks t
        WHERE t.partition_id = sub_queue.partition_id AND t.tenant_id = sub_queue.tenant_id AND t.priority = sub_queue.priority
            AND t.status = 'queued' AND t.ready_seq > sub_queue.after
        ORDER BY t.ready_seq LIMIT 1) AS ready_seq
    FROM (SELECT * FROM known UNION ALL SELECT partition_id, tenant_id, priority, elsewhere FROM new_sub_queue)
        AS sub_queue (partition_id, tenant_id, priority, after)) AS found
WHERE ready_seq IS NOT NULL
