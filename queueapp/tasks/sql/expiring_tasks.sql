-- By queue, how many tasks have used up half of their time without a start, and are cancelled within so many seconds unless
-- they start; among the `read` that expire first.
SELECT queue, count(*)::integer AS tasks, min(expires_at) AS first_at FROM (
    SELECT t.tenant_id, t.queue, t.created_at, t.expires_at FROM taskrunner_tasks t
    WHERE t.expires_at IS NOT NULL AND t.status IN ('scheduled', 'blocked', 'queued', 'failed')
        AND t.expires_at > taskrunner_now()
        AND t.expires_at < taskrunner_now() + make_interval(secs => %(seconds)s::double precision)
    ORDER BY t.expires_at LIMIT %(read)s) AS soon
WHERE (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s::uuid)
    AND taskrunner_now() > created_at + (expires_at - created_at) / 2
GROUP BY queue ORDER BY tasks DESC LIMIT %(limit)s
