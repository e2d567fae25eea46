-- Foreign keys between tenant tables carry the tenant: a plain one is checked outside row-level security,
-- so it would accept, and betray, another tenant's rows.
ALTER TABLE taskrunner_dedup_keys ADD CONSTRAINT dedup_key_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;

-- The platform's own tenant, exempt from limits.
INSERT INTO taskrunner_tenants (slug, name, active, limits, created_at) VALUES ('system', 'Taskrunner', true, '{}', now());

-- Every table that carries a tenant: policies apply to everyone, the owner included.
ALTER TABLE taskrunner_tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_dedup_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_task_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_security_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_operator_actions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_task_deltas ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_task_counts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_task_stats ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Clients: the rows of the tenant that the scope names. The sub-select is evaluated once a statement.
CREATE POLICY client ON taskrunner_tenants FOR SELECT TO taskrunner_client
    USING (id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_memberships FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_tasks FOR ALL TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_dedup_keys FOR ALL TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_task_logs FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_security_events FOR INSERT TO taskrunner_client
    WITH CHECK (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_task_counts FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_task_stats FOR SELECT TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));

GRANT SELECT ON taskrunner_tenants, taskrunner_memberships, taskrunner_queues, taskrunner_routes, taskrunner_task_logs, taskrunner_task_counts, taskrunner_task_stats TO taskrunner_client;
GRANT INSERT ON taskrunner_security_events TO taskrunner_client;
GRANT SELECT, INSERT, UPDATE ON taskrunner_dedup_keys TO taskrunner_client;
GRANT SELECT ON taskrunner_tasks TO taskrunner_client;
GRANT INSERT (id, tenant_id, type, queue, params, requirements, labels, status, priority, run_at, max_retries,
    timeout_seconds) ON taskrunner_tasks TO taskrunner_client;
GRANT UPDATE (status, priority, run_at, failures, crash_count, worker_id, cancel_requested_at, progress, result,
    error_code, error_message, updated_at, finished_at) ON taskrunner_tasks TO taskrunner_client;

-- Workers: what waits to be claimed, and what this worker holds or held last. The second half also admits
-- the rows it is finishing: PostgreSQL checks the new row of an UPDATE that reads columns against this policy.
CREATE POLICY worker_sees ON taskrunner_tasks FOR SELECT TO taskrunner_worker
    USING (status = 'queued' OR worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid));
CREATE POLICY worker_moves ON taskrunner_tasks FOR UPDATE TO taskrunner_worker
    USING (status = 'queued' OR worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid));

GRANT SELECT ON taskrunner_tasks, taskrunner_queues, taskrunner_partitions TO taskrunner_worker;
GRANT SELECT, INSERT, UPDATE ON taskrunner_workers, taskrunner_clusters TO taskrunner_worker;
GRANT UPDATE (status, run_at, attempt, failures, worker_id, lease_expires_at, progress, result,
    error_code, error_message, updated_at, started_at, finished_at) ON taskrunner_tasks TO taskrunner_worker;
GRANT EXECUTE ON FUNCTION taskrunner_append_task_log TO taskrunner_worker;

-- Operators and the housekeeper: all tenants. Records stay append-only for them too.
CREATE POLICY operator ON taskrunner_tenants FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_memberships FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_tasks FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_dedup_keys FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_task_deltas FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_task_counts FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_task_stats FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator_reads ON taskrunner_task_logs FOR SELECT TO taskrunner_operator USING (true);
CREATE POLICY operator_reads ON taskrunner_security_events FOR SELECT TO taskrunner_operator USING (true);
CREATE POLICY operator_writes ON taskrunner_security_events FOR INSERT TO taskrunner_operator WITH CHECK (true);
CREATE POLICY operator_reads ON taskrunner_operator_actions FOR SELECT TO taskrunner_operator USING (true);
CREATE POLICY operator_writes ON taskrunner_operator_actions FOR INSERT TO taskrunner_operator WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON taskrunner_tenants, taskrunner_memberships, taskrunner_tasks, taskrunner_dedup_keys, taskrunner_task_counts, taskrunner_task_stats,
    taskrunner_queues, taskrunner_routes, taskrunner_workers, taskrunner_clusters TO taskrunner_operator;
GRANT SELECT, DELETE ON taskrunner_task_deltas TO taskrunner_operator;
GRANT SELECT ON taskrunner_task_logs, taskrunner_partitions, taskrunner_task_transitions TO taskrunner_operator;
GRANT SELECT, INSERT ON taskrunner_security_events, taskrunner_operator_actions TO taskrunner_operator;

-- The triggers write as the owner, and the owner may do no more than that.
CREATE POLICY trigger_writes ON taskrunner_task_logs FOR INSERT TO CURRENT_USER WITH CHECK (true);
CREATE POLICY trigger_writes ON taskrunner_task_deltas FOR INSERT TO CURRENT_USER WITH CHECK (true);
