polled AS (
    SELECT * FROM unnest(%(polled)s::bigint[], %(elsewhere)s::bigint[]) AS polled (partition_id, elsewhere)
), gap AS MATERIALIZED (
    -- the priorities between two known ones of a partition
    SELECT partition_id, elsewhere, priority AS above,
        lead(priority, 1, 32767::smallint) OVER (PARTITION BY partition_id ORDER BY priority) AS below
    FROM (SELECT partition_id, priority FROM known UNION ALL SELECT partition_id, (-32768)::smallint FROM polled) AS bound
        JOIN polled USING (partition_id)
), new_sub_queue AS (
    -- found by skipping through the index from one priority to the next; nothing is queued there up to `elsewhere`
    SELECT gap.partition_id, gap.elsewhere, gap.below, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = gap.partition_id AND t.status = 'queued' AND t.ready_seq > gap.elsewhere
            AND t.priority > gap.above AND t.priority < gap.below
        ORDER BY t.priority LIMIT 1) AS priority
    FROM gap
    UNION ALL
    SELECT last.partition_id, last.elsewhere, last.below, (
        SELECT t.priority FROM taskrunner_tasks t
        WHERE t.partition_id = last.partition_id AND t.status = 'queued' AND t.ready_seq > last.elsewhere
            AND t.priority > last.priority AND t.priority < last.below
        ORDER BY t.priority LIMIT 1)
    FROM new_sub_queue last WHERE last.priority IS NOT NULL
)
