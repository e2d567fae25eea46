-- Insert one task that has no deduplication key, and return what the database decided about it.
INSERT INTO taskrunner_tasks (id, tenant_id, type, queue, params, requirements, labels, priority, run_at, expires_at,
    status, max_retries, timeout_seconds, retried_from_id)
SELECT %(id)s, %(tenant_id)s, %(type)s, %(queue)s, %(params)s, %(requirements)s, nullif(%(labels)s::text[], '{}'),
    %(priority)s, due_at,
    coalesce(%(expires_at)s::timestamptz, due_at + make_interval(secs => %(expires_seconds)s::double precision)),
    CASE WHEN due_at > taskrunner_now() THEN 'scheduled' ELSE 'queued' END,
    %(max_retries)s, %(timeout_seconds)s, %(retried_from_id)s::uuid
FROM (SELECT coalesce(%(run_at)s, taskrunner_now() + make_interval(secs => coalesce(%(delay_seconds)s, 0)))) AS request (due_at)
RETURNING status, run_at, expires_at, ready_seq, partition_id, created_at, updated_at
