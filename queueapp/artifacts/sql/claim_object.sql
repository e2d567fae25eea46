-- The artifact's row, once its object is complete: the task must be there, for a worker also held by this very attempt,
-- and the sweep must not have taken the object. No row: nothing was written.
WITH owner AS (
    SELECT id, tenant_id, attempt FROM taskrunner_tasks
    WHERE id = %(task_id)s AND tenant_id = %(tenant_id)s AND (%(worker_id)s::uuid IS NULL
        OR (worker_id = %(worker_id)s AND attempt = %(attempt)s AND lease_expires_at IS NOT NULL))
    FOR NO KEY UPDATE
), claimed AS (
    DELETE FROM taskrunner_pending_objects u USING owner
    WHERE u.id = %(id)s AND u.tenant_id = owner.tenant_id AND u.task_id = owner.id AND u.taken_at IS NULL
    RETURNING u.id, u.tenant_id, u.task_id, owner.attempt
)
INSERT INTO taskrunner_artifacts (id, tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
SELECT id, tenant_id, task_id, attempt, %(type)s, %(content_type)s, %(size_bytes)s::bigint, %(sha256)s, %(metadata)s::jsonb
FROM claimed
RETURNING *
