-- What workers did in the last hour: the attempts that ended on them, and how long these ran, by bucket.
WITH kept AS MATERIALIZED (
    SELECT worker_id, attempts, failures, run_seconds, histogram FROM taskrunner_worker_stats
    WHERE minute > taskrunner_now() - interval '1 hour' AND worker_id = ANY (%(ids)s::uuid[])
), timed AS (
    SELECT worker_id, array_agg(times ORDER BY number) AS runs FROM (
        SELECT worker_id, number, sum(times)::bigint AS times
        FROM kept CROSS JOIN LATERAL unnest(histogram) WITH ORDINALITY AS bucket (times, number)
        GROUP BY worker_id, number) AS counted
    GROUP BY worker_id
)
SELECT worker_id, sum(attempts)::bigint AS attempts, sum(failures)::bigint AS failures, sum(run_seconds) AS run_seconds,
    (SELECT runs FROM timed WHERE timed.worker_id = kept.worker_id) AS runs
FROM kept GROUP BY worker_id
