-- Cancel a batch of tasks that were to start before a moment within the last seconds, and did not.
WITH expired AS (
    SELECT id, status FROM taskrunner_tasks
    WHERE status IN ('scheduled', 'blocked', 'queued', 'failed') AND expires_at <= taskrunner_now()
        AND expires_at > taskrunner_now() - make_interval(secs => %(seconds_back)s)
    ORDER BY expires_at LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
)
UPDATE taskrunner_tasks t SET status = 'cancelled', finished_at = taskrunner_now(), updated_at = taskrunner_now(),
    error_code = %(code)s, error_detail = NULL, error_fingerprint = NULL,
    error_message = 'It had not started by ' || to_char(t.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC.'
FROM expired WHERE t.id = expired.id
RETURNING t.id, expired.status AS was
