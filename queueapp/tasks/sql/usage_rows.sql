-- What became of tasks in the last hour, by type: from the kept statistics, never from the tasks themselves.
SELECT type,
    coalesce(sum(moves) FILTER (WHERE to_status = 'completed'), 0)::bigint AS completed,
    coalesce(sum(moves) FILTER (WHERE to_status = 'failed'), 0)::bigint AS failed_tries,
    coalesce(sum(moves) FILTER (WHERE to_status = 'dead_letter'), 0)::bigint AS dead_lettered,
    coalesce(sum(moves) FILTER (WHERE to_status = 'cancelled'), 0)::bigint AS cancelled,
    sum(wait_seconds) / nullif(sum(moves) FILTER (WHERE to_status = 'leased'), 0) AS average_wait_seconds,
    sum(run_seconds) FILTER (WHERE to_status IN ('completed', 'failed', 'dead_letter'))
        / nullif(sum(moves) FILTER (WHERE to_status IN ('completed', 'failed', 'dead_letter')), 0) AS average_run_seconds
FROM taskrunner_task_stats
WHERE span_seconds = 60 AND starts_at > taskrunner_now() - interval '1 hour' AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
GROUP BY type ORDER BY type
