-- The result of the latest run of a key, if it was completed not long ago and can still be used.
SELECT latest.id AS run_id, t.result
FROM (
    SELECT id, tenant_id, task_id, attempt, status, finished_at FROM taskrunner_runs
    WHERE tenant_id = %(tenant_id)s AND run_key = %(run_key)s
    ORDER BY id DESC LIMIT 1
) AS latest
JOIN taskrunner_tasks t ON t.tenant_id = latest.tenant_id AND t.id = latest.task_id AND t.attempt = latest.attempt
WHERE latest.status = 'completed' AND latest.finished_at > taskrunner_clock() - make_interval(secs => %(seconds)s)
    AND jsonb_typeof(t.result) = 'object'
    AND NOT EXISTS (
        SELECT FROM jsonb_path_query(t.result, '$.artifact_ids[*]') AS named
        -- a handler may call other things so: a text that is not a uuid names no artifact
        WHERE NOT EXISTS (
            SELECT FROM taskrunner_artifacts a WHERE a.tenant_id = t.tenant_id AND a.id =
                CASE WHEN named #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (named #>> '{}')::uuid END))
