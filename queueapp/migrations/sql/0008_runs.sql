-- Runs, metrics and notes belong to their task, in the same tenant, and go with it.
ALTER TABLE taskrunner_runs ADD CONSTRAINT run_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_metrics ADD CONSTRAINT run_metric_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_metrics ADD CONSTRAINT run_metric_run_of_tenant
    FOREIGN KEY (tenant_id, run_id) REFERENCES taskrunner_runs (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_notes ADD CONSTRAINT run_note_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_notes ADD CONSTRAINT run_note_run_of_tenant
    FOREIGN KEY (tenant_id, run_id) REFERENCES taskrunner_runs (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE taskrunner_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_run_metrics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_run_notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Clients read; what was done is not theirs to write.
CREATE POLICY client ON taskrunner_runs FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_run_metrics FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_run_notes FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
GRANT SELECT ON taskrunner_runs, taskrunner_run_metrics, taskrunner_run_notes TO taskrunner_client;

-- Workers: the run of the very attempt that they hold, or held last: it ends with the lease, in one transaction.
CREATE POLICY worker ON taskrunner_runs FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM taskrunner_tasks t
    WHERE t.id = task_id AND t.tenant_id = taskrunner_runs.tenant_id AND t.attempt = taskrunner_runs.attempt
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
CREATE POLICY worker ON taskrunner_run_metrics FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM taskrunner_tasks t
    WHERE t.id = task_id AND t.tenant_id = taskrunner_run_metrics.tenant_id
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
CREATE POLICY worker ON taskrunner_run_notes FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM taskrunner_tasks t
    WHERE t.id = task_id AND t.tenant_id = taskrunner_run_notes.tenant_id
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
GRANT SELECT ON taskrunner_runs, taskrunner_run_metrics, taskrunner_run_notes TO taskrunner_worker;
GRANT INSERT (tenant_id, task_id, attempt, run_key, metadata) ON taskrunner_runs TO taskrunner_worker;
GRANT UPDATE (status, finished_at) ON taskrunner_runs TO taskrunner_worker;
GRANT INSERT (tenant_id, run_id, task_id, name, value) ON taskrunner_run_metrics TO taskrunner_worker;
GRANT INSERT (tenant_id, run_id, task_id, type, content) ON taskrunner_run_notes TO taskrunner_worker;

CREATE POLICY operator ON taskrunner_runs FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_run_metrics FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_run_notes FOR ALL TO taskrunner_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON taskrunner_runs, taskrunner_run_metrics, taskrunner_run_notes TO taskrunner_operator;
