-- The configuration belongs to no tenant: operators may see it, and the transactional handlers of tenant `system`,
-- which run in a client's role, may apply changes. No other tenant's scope finds a row, whatever it sends.
ALTER TABLE system_config ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_config_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_config_versions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_config_audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_config_secrets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_config_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_config_epoch ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY client ON system_config FOR SELECT TO taskrunner_client USING (EXISTS (
    SELECT FROM taskrunner_tenants WHERE slug = 'system' AND id = current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_config_changes FOR ALL TO taskrunner_client USING (EXISTS (
    SELECT FROM taskrunner_tenants WHERE slug = 'system' AND id = current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_config_versions FOR ALL TO taskrunner_client USING (EXISTS (
    SELECT FROM taskrunner_tenants WHERE slug = 'system' AND id = current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_config_audit FOR ALL TO taskrunner_client USING (EXISTS (
    SELECT FROM taskrunner_tenants WHERE slug = 'system' AND id = current_setting('taskrunner.tenant_id', true)::uuid));
GRANT SELECT ON system_config, taskrunner_config_changes, taskrunner_config_versions, taskrunner_config_audit TO taskrunner_client;
GRANT UPDATE (status, version, applied_by, finished_at) ON taskrunner_config_changes TO taskrunner_client;
GRANT INSERT ON taskrunner_config_versions, taskrunner_config_audit TO taskrunner_client;

-- Operators read everything and submit changes; they cannot apply any. Records stay append-only for everybody.
CREATE POLICY operator_reads ON system_config FOR SELECT TO taskrunner_operator USING (true);
CREATE POLICY operator_reads ON taskrunner_config_versions FOR SELECT TO taskrunner_operator USING (true);
CREATE POLICY operator_reads ON taskrunner_config_epoch FOR SELECT TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_config_changes FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_config_audit FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_config_secrets FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_config_keys FOR ALL TO taskrunner_operator USING (true);
GRANT SELECT ON system_config, taskrunner_config_changes, taskrunner_config_versions, taskrunner_config_audit, taskrunner_config_secrets, taskrunner_config_keys, taskrunner_config_epoch
    TO taskrunner_operator;
GRANT INSERT ON taskrunner_config_changes, taskrunner_config_audit, taskrunner_config_secrets TO taskrunner_operator;
GRANT UPDATE (token, encrypted_at) ON taskrunner_config_secrets TO taskrunner_operator;
GRANT INSERT, UPDATE, DELETE ON taskrunner_config_keys TO taskrunner_operator;
GRANT USAGE ON SEQUENCE taskrunner_config_submissions TO taskrunner_operator;

-- The triggers write as the owner.
CREATE POLICY trigger_writes ON system_config FOR ALL TO CURRENT_USER USING (true);
CREATE POLICY trigger_writes ON taskrunner_config_epoch FOR ALL TO CURRENT_USER USING (true);
CREATE POLICY trigger_writes ON taskrunner_config_changes FOR ALL TO CURRENT_USER USING (true);
CREATE POLICY trigger_writes ON taskrunner_config_audit FOR INSERT TO CURRENT_USER WITH CHECK (true);
