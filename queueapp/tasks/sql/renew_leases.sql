-- The worker's beat: which of its attempts it still holds and which it should stop, with progress written and,
-- when asked, all leases renewed. Attempts missing from the result are lost.
-- By id, as every statement that locks many tasks, so that it cannot deadlock with a bulk cancel or a settling set.
WITH held AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(attempts)s::integer[], %(progress)s::text[]) AS h (id, attempt, progress) ORDER BY id
), renewed AS (
    UPDATE taskrunner_tasks t SET progress = coalesce(held.progress::jsonb, t.progress), updated_at = taskrunner_clock(),
        lease_expires_at = CASE WHEN %(renew)s
            THEN taskrunner_clock() + make_interval(secs => %(lease_seconds)s) ELSE t.lease_expires_at END
    FROM held
    WHERE t.id = held.id AND t.attempt = held.attempt AND t.worker_id = %(worker_id)s AND t.lease_expires_at IS NOT NULL
        AND (%(renew)s OR held.progress IS NOT NULL)
    RETURNING t.id
)
SELECT t.id, t.cancel_requested_at IS NOT NULL AS cancel_requested
FROM held JOIN taskrunner_tasks t ON t.id = held.id AND t.attempt = held.attempt
WHERE t.worker_id = %(worker_id)s AND t.lease_expires_at IS NOT NULL
