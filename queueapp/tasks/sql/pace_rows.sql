-- The tries of each queue that ended in the last hour, and of them those that failed, by minute: the present one is 0.
SELECT queue, greatest(0, extract(epoch FROM date_trunc('minute', taskrunner_now()) - starts_at)::integer / 60) AS minutes_ago,
    sum(moves)::bigint AS ended, coalesce(sum(moves) FILTER (WHERE to_status <> 'completed'), 0)::bigint AS failed
FROM taskrunner_task_stats
WHERE span_seconds = 60 AND to_status IN ('completed', 'failed', 'dead_letter')
    AND starts_at > date_trunc('minute', taskrunner_now()) - make_interval(mins => %(minutes)s)
GROUP BY queue, minutes_ago
