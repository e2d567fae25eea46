-- Declared types belong to their tenant like everything else.
ALTER TABLE taskrunner_task_types ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY client ON taskrunner_task_types FOR ALL TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY operator ON taskrunner_task_types FOR ALL TO taskrunner_operator USING (true);
GRANT SELECT, INSERT, UPDATE ON taskrunner_task_types TO taskrunner_client;
GRANT SELECT, INSERT, UPDATE, DELETE ON taskrunner_task_types TO taskrunner_operator;
