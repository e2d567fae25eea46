-- Runs, metrics and notes belong to their task, in the same tenant, and go with it.
ALTER TABLE runs ADD CONSTRAINT run_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE run_metrics ADD CONSTRAINT run_metric_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE run_metrics ADD CONSTRAINT run_metric_run_of_tenant
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE run_notes ADD CONSTRAINT run_note_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE run_notes ADD CONSTRAINT run_note_run_of_tenant
    FOREIGN KEY (tenant_id, run_id) REFERENCES runs (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE run_metrics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE run_notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Clients read; what was done is not theirs to write.
CREATE POLICY client ON runs FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON run_metrics FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON run_notes FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
GRANT SELECT ON runs, run_metrics, run_notes TO taskrunner_client;

-- Workers: the run of the very attempt that they hold, or held last: it ends with the lease, in one transaction.
CREATE POLICY worker ON runs FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM tasks t
    WHERE t.id = task_id AND t.tenant_id = runs.tenant_id AND t.attempt = runs.attempt
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
CREATE POLICY worker ON run_metrics FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM tasks t
    WHERE t.id = task_id AND t.tenant_id = run_metrics.tenant_id
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
CREATE POLICY worker ON run_notes FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM tasks t
    WHERE t.id = task_id AND t.tenant_id = run_notes.tenant_id
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
GRANT SELECT ON runs, run_metrics, run_notes TO taskrunner_worker;
GRANT INSERT (tenant_id, task_id, attempt, run_key, metadata) ON runs TO taskrunner_worker;
GRANT UPDATE (status, finished_at) ON runs TO taskrunner_worker;
GRANT INSERT (tenant_id, run_id, task_id, name, value) ON run_metrics TO taskrunner_worker;
GRANT INSERT (tenant_id, run_id, task_id, type, content) ON run_notes TO taskrunner_worker;

CREATE POLICY operator ON runs FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON run_metrics FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON run_notes FOR ALL TO taskrunner_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON runs, run_metrics, run_notes TO taskrunner_operator;
