-- Give unfinished tasks another priority. A leased one takes it along should it be queued again.
WITH target AS (
    SELECT id, status FROM taskrunner_tasks WHERE id = ANY (%(ids)s) AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
    ORDER BY id FOR UPDATE
), changed AS (
    UPDATE taskrunner_tasks t SET priority = %(priority)s, updated_at = taskrunner_now()
    FROM target WHERE t.id = target.id AND target.status NOT IN ('completed', 'dead_letter', 'cancelled')
    RETURNING t.id
)
SELECT target.id, target.status AS was, target.status, NULL AS queue, changed.id IS NOT NULL AS done
FROM target LEFT JOIN changed USING (id)
