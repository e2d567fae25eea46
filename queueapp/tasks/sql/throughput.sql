-- How many attempts ended well and how many failed, by span.
SELECT starts_at, coalesce(sum(moves) FILTER (WHERE to_status = 'completed'), 0)::bigint AS completed,
    coalesce(sum(moves) FILTER (WHERE to_status <> 'completed'), 0)::bigint AS failed
FROM taskrunner_task_stats
WHERE span_seconds = %(span_seconds)s AND starts_at >= %(since)s AND to_status IN ('completed', 'failed', 'dead_letter')
    AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
    AND (%(queue)s::text IS NULL OR queue = %(queue)s) AND (%(type)s::text IS NULL OR type = %(type)s)
GROUP BY starts_at
