-- Delete what is not needed any more: expired deduplication keys, workers and clusters not heard of for a day,
-- old statistics, errors not seen for long, and what became of old slots.
WITH keys AS (
    -- skips what submits are taking over: they lock keys in an order of their own, and waiting could deadlock
    DELETE FROM taskrunner_dedup_keys WHERE id IN (
        SELECT id FROM taskrunner_dedup_keys WHERE expires_at < taskrunner_now() ORDER BY expires_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    RETURNING 1
), requests AS (
    DELETE FROM taskrunner_idempotency_keys WHERE id IN (
        SELECT id FROM taskrunner_idempotency_keys WHERE expires_at < taskrunner_now()
        ORDER BY expires_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    RETURNING 1
), gone AS (
    DELETE FROM taskrunner_workers w WHERE coalesce(w.stopped_at, w.heartbeat_at) < taskrunner_now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM taskrunner_tasks t WHERE t.status = 'leased' AND t.worker_id = w.id)
    RETURNING 1
), clusters AS (
    DELETE FROM taskrunner_clusters WHERE heartbeat_at < taskrunner_now() - interval '1 day'
    RETURNING 1
), statistics AS (
    DELETE FROM taskrunner_task_stats WHERE id IN (
        (SELECT id FROM taskrunner_task_stats WHERE span_seconds = 60 AND starts_at < taskrunner_now() - interval '2 days'
            ORDER BY starts_at LIMIT %(batch)s)
        UNION ALL
        (SELECT id FROM taskrunner_task_stats WHERE span_seconds = 3600 AND starts_at < taskrunner_now() - interval '30 days'
            ORDER BY starts_at LIMIT %(batch)s))
    RETURNING 1
), worker_statistics AS (
    DELETE FROM taskrunner_worker_stats WHERE id IN (
        SELECT id FROM taskrunner_worker_stats WHERE minute < taskrunner_now() - interval '1 day' ORDER BY minute LIMIT %(batch)s)
    RETURNING 1
), error_statistics AS (
    -- two short deletions, each along its part of the index
    DELETE FROM taskrunner_error_stats WHERE id IN (
        (SELECT id FROM taskrunner_error_stats WHERE span_seconds = 300 AND starts_at < taskrunner_now() - interval '4 hours'
            ORDER BY starts_at LIMIT %(batch)s)
        UNION ALL
        (SELECT id FROM taskrunner_error_stats WHERE span_seconds = 3600 AND starts_at < taskrunner_now() - interval '8 days'
            ORDER BY starts_at LIMIT %(batch)s))
    RETURNING 1
), errors AS (
    DELETE FROM taskrunner_error_groups WHERE id IN (
        SELECT id FROM taskrunner_error_groups WHERE last_seen < taskrunner_now() - interval '30 days' ORDER BY last_seen LIMIT %(batch)s)
    RETURNING 1
), slots AS (
    DELETE FROM taskrunner_schedule_slots WHERE id IN (
        SELECT id FROM taskrunner_schedule_slots WHERE decided_at < taskrunner_now() - interval '30 days' ORDER BY decided_at LIMIT %(batch)s)
    RETURNING 1
)
SELECT (SELECT count(*) FROM keys) AS dedup_keys, (SELECT count(*) FROM requests) AS idempotency_keys,
    (SELECT count(*) FROM gone) AS workers, (SELECT count(*) FROM clusters) AS clusters,
    (SELECT count(*) FROM statistics) AS statistics, (SELECT count(*) FROM worker_statistics) AS worker_statistics,
    (SELECT count(*) FROM error_statistics) AS error_statistics,
    (SELECT count(*) FROM errors) AS errors, (SELECT count(*) FROM slots) AS slots
