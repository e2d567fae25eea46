-- settle_tasks.sql for one attempt that is completed: what is settled before the next one starts, and the same in all.
-- Reading its columns out of JSON, locking and joining took an eighth of what its whole transaction does now.
UPDATE taskrunner_tasks SET status = 'completed', result = %(result)s::jsonb,
    error_code = '', error_message = '', error_detail = NULL, error_fingerprint = NULL,
    run_seconds = coalesce(%(run_seconds)s::double precision, extract(epoch FROM taskrunner_clock() - started_at)),
    lease_expires_at = NULL, updated_at = taskrunner_now(), finished_at = taskrunner_now()
WHERE id = %(id)s AND attempt = %(attempt)s AND worker_id = %(worker_id)s AND lease_expires_at IS NOT NULL
RETURNING id, status
