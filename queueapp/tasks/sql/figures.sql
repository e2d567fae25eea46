-- What became of tasks since a moment, by queue and type: how many, and how long they waited and ran, by bucket.
WITH kept AS MATERIALIZED (
    SELECT queue, type, to_status, moves, histogram FROM taskrunner_task_stats
    WHERE span_seconds = %(span_seconds)s AND starts_at >= %(since)s
        AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
), moved AS (
    SELECT queue, type,
        coalesce(sum(moves) FILTER (WHERE to_status = 'completed'), 0)::bigint AS completed,
        coalesce(sum(moves) FILTER (WHERE to_status = 'failed'), 0)::bigint AS failed_tries,
        coalesce(sum(moves) FILTER (WHERE to_status = 'dead_letter'), 0)::bigint AS dead_lettered,
        coalesce(sum(moves) FILTER (WHERE to_status = 'cancelled'), 0)::bigint AS cancelled
    FROM kept GROUP BY queue, type
), counted AS (
    SELECT queue, type, to_status = 'leased' AS is_wait, number, sum(times)::bigint AS times
    FROM kept CROSS JOIN LATERAL unnest(histogram) WITH ORDINALITY AS bucket (times, number)
    GROUP BY queue, type, is_wait, number
), timed AS (
    SELECT queue, type, array_agg(times ORDER BY number) FILTER (WHERE is_wait) AS waits,
        array_agg(times ORDER BY number) FILTER (WHERE NOT is_wait) AS runs
    FROM counted GROUP BY queue, type
)
SELECT queue, type, completed, failed_tries, dead_lettered, cancelled, waits, runs
FROM moved LEFT JOIN timed USING (queue, type) ORDER BY queue, type
