-- Delete one batch of tasks that ended long ago, the oldest first.
DELETE FROM taskrunner_tasks WHERE id IN (
    SELECT t.id FROM taskrunner_tasks t
    WHERE t.id < %(first_id_after)s AND t.finished_at < %(finished_before)s
        -- an expired key is pruned first: cascading to it here could deadlock with a submit that takes it over
        AND NOT EXISTS (SELECT FROM taskrunner_dedup_keys k WHERE k.tenant_id = t.tenant_id AND k.task_id = t.id)
    ORDER BY t.id LIMIT %(batch)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id
