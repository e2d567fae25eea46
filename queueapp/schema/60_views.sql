-- What a worker could claim now, for looking. A worker without categories takes every type. Claimers do not use this:
-- they match partitions in Python (type_patterns.py), and a test holds both to the same answers.
CREATE VIEW worker_inbox WITH (security_invoker = true, security_barrier = true) AS
SELECT t.id, t.tenant_id, t.type, t.queue, t.priority, t.ready_seq, t.run_at, t.requirements, t.params
FROM taskrunner_tasks t
JOIN taskrunner_queues q ON q.name = t.queue AND q.paused_at IS NULL
JOIN taskrunner_workers w ON w.id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)
WHERE t.status = 'queued' AND t.run_at <= taskrunner_now() AND (t.expires_at IS NULL OR t.expires_at > taskrunner_now())
    AND (w.queues IS NULL OR t.queue = ANY (w.queues))
    -- each requirement is met by the capability of that name: equal, or contained in its list
    AND NOT EXISTS (
        SELECT FROM jsonb_each(t.requirements) AS wanted
        WHERE NOT coalesce(
            w.capabilities -> wanted.key = wanted.value
            OR (jsonb_typeof(w.capabilities -> wanted.key) = 'array' AND w.capabilities -> wanted.key @> wanted.value),
            false))
    -- `X.*` matches every type below X at any depth, not X itself; `*` matches all; else the type itself
    AND EXISTS (
        SELECT FROM jsonb_array_elements_text(coalesce(w.capabilities -> 'categories', '["*"]')) AS category
        WHERE category = '*' OR t.type = category OR (category LIKE '%.*' AND starts_with(t.type, left(category, -1))));

-- The log in words. Its rows hold no value that follows from the others (queueapp/models/audit.py).
CREATE VIEW taskrunner_task_history WITH (security_invoker = true, security_barrier = true) AS
SELECT l.id, l.at, l.tenant_id, l.task_id, CASE WHEN l.transition_id IS NULL THEN 'log' ELSE 'transition' END AS kind,
    move.from_status, move.to_status, l.attempt, l.worker_id, coalesce(l.actor, 'worker:' || l.worker_id) AS actor,
    coalesce(l.reason, move.reason, '') AS reason,
    coalesce(l.level, CASE WHEN move.to_status IN ('failed', 'dead_letter') THEN 'error' ELSE 'info' END) AS level,
    coalesce(l.message, '') AS message, l.detail, l.run_seconds
FROM taskrunner_task_logs l LEFT JOIN taskrunner_task_transitions move ON move.id = l.transition_id;

-- What people did beside moving tasks, and what was refused to them. Apps add their own records (db/audit.py). Ids are
-- times, so the newest come first through the primary keys: as long as all parts have the same types.
CREATE VIEW taskrunner_acts WITH (security_invoker = true) AS
SELECT id, at, tenant_id, 'operator' AS source, actor::text, action::text, target::text, detail
FROM taskrunner_operator_actions
UNION ALL
SELECT id, at, tenant_id, 'security', actor::text, event::text, '', detail FROM taskrunner_security_events;

-- One stream of who did what, for compliance.
CREATE VIEW taskrunner_audit WITH (security_invoker = true) AS
SELECT at, tenant_id, 'task' AS source, actor, reason AS action, task_id::text AS target,
    jsonb_build_object('from', from_status, 'to', to_status, 'attempt', attempt) AS detail
FROM taskrunner_task_history WHERE kind = 'transition'
UNION ALL
SELECT at, tenant_id, source, actor, action, target, detail FROM taskrunner_acts;

-- Every partition that has tasks, whatever their status and whether a claimer has listed it: from one to the next
-- through the index of all tasks. For operators, who see them all.
CREATE VIEW taskrunner_used_partitions WITH (security_invoker = true) AS
WITH RECURSIVE found AS (
    (SELECT t.partition_id AS id, t.queue, t.type, t.requirements FROM taskrunner_tasks t
    ORDER BY t.partition_id LIMIT 1)
    UNION ALL
    SELECT next.* FROM found CROSS JOIN LATERAL (
        SELECT t.partition_id AS id, t.queue, t.type, t.requirements FROM taskrunner_tasks t
        WHERE t.partition_id > found.id ORDER BY t.partition_id LIMIT 1) AS next
)
SELECT id, queue, type, requirements FROM found;
