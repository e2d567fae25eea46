-- How many partitions a tenant's tasks have opened by their requirements, and which of some more have not been: their places.
WITH opened AS MATERIALIZED (
    SELECT id FROM taskrunner_partitions WHERE opened_by = %(tenant_id)s::uuid
    UNION
    SELECT partition_id FROM taskrunner_new_partitions WHERE opened_by = %(tenant_id)s::uuid
)
SELECT (SELECT count(*) FROM opened) AS opened,
    ARRAY(
        SELECT place FROM jsonb_to_recordset(%(wanted)s) AS wanted (place integer, queue text, type text, requirements jsonb)
        WHERE taskrunner_partition_id(queue, type, requirements) NOT IN (SELECT id FROM opened)
        ORDER BY place) AS new_places
