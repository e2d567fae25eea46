-- Name the object before its bytes are written, so that whatever happens the sweep finds it. Also says what the
-- tenant's limits are. No row: the tenant is not visible.
WITH reserved AS (
    INSERT INTO taskrunner_pending_objects (id, tenant_id, task_id, due_at)
    VALUES (%(id)s, %(tenant_id)s, %(task_id)s, taskrunner_now() + make_interval(secs => %(grace_seconds)s))
    RETURNING tenant_id, object_key
)
SELECT r.object_key, t.limits, t.lowered_limits FROM reserved r JOIN taskrunner_tenants t ON t.id = r.tenant_id
