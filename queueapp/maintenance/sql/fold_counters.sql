-- Fold the deltas that the trigger appended into the counts and the statistics; only the elected maintenance
-- does, so nothing is locked. Returns how many there were, the first one's number, and their failures for error_groups.
WITH taken AS (
    DELETE FROM taskrunner_task_deltas WHERE id IN (SELECT id FROM taskrunner_task_deltas WHERE id > %(after)s ORDER BY id LIMIT %(batch)s)
    RETURNING *
), counted AS (
    INSERT INTO taskrunner_task_counts (tenant_id, queue, status, tasks)
    SELECT tenant_id, queue, status, sum(change) FROM (
        SELECT tenant_id, queue, to_status AS status, moves AS change FROM taken WHERE to_status IS NOT NULL
        UNION ALL
        SELECT tenant_id, queue, from_status, -moves FROM taken WHERE from_status IS NOT NULL) AS moved
    GROUP BY tenant_id, queue, status HAVING sum(change) <> 0
    ON CONFLICT (tenant_id, queue, status) DO UPDATE SET tasks = taskrunner_task_counts.tasks + excluded.tasks
), by_minute AS (
    SELECT tenant_id, date_trunc('minute', at) AS minute, queue, type, to_status, bucket, sum(moves)::bigint AS moves,
        sum(wait_seconds) AS wait_seconds, sum(run_seconds) AS run_seconds
    FROM taken WHERE to_status IS NOT NULL GROUP BY tenant_id, minute, queue, type, to_status, bucket
), measured AS (
    INSERT INTO taskrunner_task_stats AS kept (tenant_id, span_seconds, starts_at, queue, type, to_status, moves,
        wait_seconds, run_seconds, histogram)
    SELECT tenant_id, span.seconds, date_bin(make_interval(secs => span.seconds), minute, 'epoch') AS starts_at, queue,
        type, to_status, sum(moves), sum(wait_seconds), sum(run_seconds), taskrunner_histogram(
            array_agg(bucket) FILTER (WHERE bucket IS NOT NULL), array_agg(moves) FILTER (WHERE bucket IS NOT NULL))
    FROM by_minute CROSS JOIN (VALUES (60), (3600)) AS span (seconds)
    GROUP BY tenant_id, span.seconds, starts_at, queue, type, to_status
    ON CONFLICT (tenant_id, span_seconds, starts_at, queue, type, to_status) DO UPDATE SET
        moves = kept.moves + excluded.moves, wait_seconds = kept.wait_seconds + excluded.wait_seconds,
        run_seconds = kept.run_seconds + excluded.run_seconds,
        histogram = taskrunner_sum_of_histograms(kept.histogram, excluded.histogram)
), by_worker AS (
    SELECT worker_id, date_trunc('minute', at) AS minute, bucket, sum(moves)::bigint AS moves,
        coalesce(sum(moves) FILTER (WHERE to_status IN ('failed', 'dead_letter')), 0) AS failures,
        sum(run_seconds) AS run_seconds
    FROM taken WHERE worker_id IS NOT NULL AND to_status <> 'queued' GROUP BY worker_id, minute, bucket
), worked AS (
    INSERT INTO taskrunner_worker_stats AS kept (worker_id, minute, attempts, failures, run_seconds, histogram)
    SELECT worker_id, minute, sum(moves), sum(failures), sum(run_seconds), taskrunner_histogram(
        array_agg(bucket) FILTER (WHERE bucket IS NOT NULL), array_agg(moves) FILTER (WHERE bucket IS NOT NULL))
    FROM by_worker GROUP BY worker_id, minute
    ON CONFLICT (worker_id, minute) DO UPDATE SET attempts = kept.attempts + excluded.attempts,
        failures = kept.failures + excluded.failures, run_seconds = kept.run_seconds + excluded.run_seconds,
        histogram = taskrunner_sum_of_histograms(kept.histogram, excluded.histogram)
), failed AS (
    SELECT t.tenant_id, t.error_fingerprint AS fingerprint, min(t.type) AS type,
        date_bin('5 minutes', t.at, 'epoch') AS slot,
        sum(t.moves) AS failures, min(t.at) AS first_seen, max(t.at) AS last_seen,
        (array_agg(coalesce(w.release, '') ORDER BY t.id))[1] AS first_release,
        (array_agg(coalesce(w.release, '') ORDER BY t.id DESC))[1] AS last_release,
        (array_agg(t.error_task_id ORDER BY t.id DESC))[1] AS sample_task_id,
        (array_agg(t.error_attempt ORDER BY t.id DESC))[1] AS sample_attempt
    FROM taken t LEFT JOIN taskrunner_workers w ON w.id = t.worker_id
    WHERE t.error_fingerprint IS NOT NULL GROUP BY t.tenant_id, t.error_fingerprint, slot
)
SELECT count(*) AS folded, min(id) AS first_id,
    (SELECT jsonb_agg(to_jsonb(failed) ORDER BY slot, first_seen) FROM failed) AS failures
FROM taken
