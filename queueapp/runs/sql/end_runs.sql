-- End the runs whose attempts are over, of one task or of all, as the task says: settled, cancelled, or lost with its
-- worker. Runs that another session is ending are skipped.
WITH over AS (
    SELECT r.id, CASE WHEN t.status = 'completed' AND t.attempt = r.attempt THEN 'completed' ELSE 'failed' END AS status
    FROM taskrunner_runs r JOIN taskrunner_tasks t ON t.tenant_id = r.tenant_id AND t.id = r.task_id
    WHERE r.status = 'running' AND (t.attempt <> r.attempt OR t.lease_expires_at IS NULL)
        AND (%(task_id)s::uuid IS NULL OR r.task_id = %(task_id)s::uuid)
    ORDER BY r.id LIMIT %(batch)s
    FOR UPDATE OF r SKIP LOCKED
), ended AS (
    UPDATE taskrunner_runs r SET status = over.status, finished_at = taskrunner_clock() FROM over WHERE r.id = over.id
    RETURNING r.tenant_id, r.id, r.task_id, r.status, r.finished_at - r.started_at AS duration
), measured AS (
    INSERT INTO taskrunner_run_metrics (tenant_id, run_id, task_id, name, value)
    SELECT tenant_id, id, task_id, 'duration_ms', to_jsonb(round(extract(epoch FROM duration) * 1000)) FROM ended
)
SELECT id, status FROM ended
