-- `X.*` matches every type below X at any depth, not X itself; `*` matches all; else the type itself.
CREATE FUNCTION taskrunner_type_matches(type text, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT pattern = '*' OR type = pattern OR (pattern LIKE '%.*' AND starts_with(type, left(pattern, -1)))
$$;

-- Each requirement must be met by the capability of that name: equal, or contained in its list.
CREATE FUNCTION taskrunner_capabilities_meet(capabilities jsonb, requirements jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM jsonb_each(requirements) AS wanted
        WHERE NOT coalesce(
            capabilities -> wanted.key = wanted.value
            OR (jsonb_typeof(capabilities -> wanted.key) = 'array' AND capabilities -> wanted.key @> wanted.value),
            false))
$$;

-- What a worker could claim now, for looking. A worker without categories takes every type.
CREATE VIEW worker_inbox WITH (security_invoker = true) AS
SELECT t.id, t.tenant_id, t.type, t.queue, t.priority, t.ready_seq, t.run_at, t.requirements, t.params
FROM taskrunner_tasks t
JOIN taskrunner_queues q ON q.name = t.queue AND q.paused_at IS NULL
JOIN taskrunner_workers w ON w.id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)
WHERE t.status = 'queued' AND t.run_at <= now() AND t.queue = ANY (w.queues)
    AND taskrunner_capabilities_meet(w.capabilities, t.requirements)
    AND EXISTS (
        SELECT FROM jsonb_array_elements_text(coalesce(w.capabilities -> 'categories', '["*"]')) AS category
        WHERE taskrunner_type_matches(t.type, category));
GRANT SELECT ON worker_inbox TO taskrunner_worker;

-- One stream of who did what, for compliance.
CREATE VIEW taskrunner_audit WITH (security_invoker = true) AS
SELECT at, tenant_id, 'task' AS source, actor, reason AS action, task_id::text AS target,
    jsonb_build_object('from', from_status, 'to', to_status, 'attempt', attempt) AS detail
FROM taskrunner_task_logs WHERE kind = 'transition'
UNION ALL
SELECT at, tenant_id, 'operator', actor, action, target, detail FROM taskrunner_operator_actions
UNION ALL
SELECT at, tenant_id, 'security', actor, event, '', detail FROM taskrunner_security_events;
GRANT SELECT ON taskrunner_audit TO taskrunner_operator;
