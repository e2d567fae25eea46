-- The schedules that have a slot due, those that nobody else is firing or changing; a suspended tenant's rest.
SELECT s.id, s.tenant_id, s.name, s.type, s.params, s.options, s.cron, s.every_seconds, s.once_at, s.timezone, s.missed,
    s.overlap, s.declared_by_code, s.decided_until, s.next_slot_at, s.last_task_id, taskrunner_now() AS now,
    EXISTS (
        SELECT FROM taskrunner_tasks t
        WHERE t.tenant_id = s.tenant_id AND t.id = s.last_task_id AND t.finished_at IS NULL) AS last_task_is_open
FROM taskrunner_schedules s JOIN taskrunner_tenants n ON n.id = s.tenant_id AND n.active
WHERE s.paused_at IS NULL AND s.undeclared_at IS NULL AND s.next_slot_at <= taskrunner_now()
ORDER BY s.next_slot_at LIMIT %(batch)s FOR UPDATE OF s SKIP LOCKED
