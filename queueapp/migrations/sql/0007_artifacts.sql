-- An artifact belongs to its task, in the same tenant, and goes with it.
ALTER TABLE taskrunner_artifacts ADD CONSTRAINT artifact_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE taskrunner_artifacts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE taskrunner_pending_objects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY client ON taskrunner_artifacts FOR ALL TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY client ON taskrunner_pending_objects FOR ALL TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
GRANT SELECT, DELETE ON taskrunner_artifacts, taskrunner_pending_objects TO taskrunner_client;
GRANT INSERT (id, tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata, created_at)
    ON taskrunner_artifacts TO taskrunner_client, taskrunner_worker, taskrunner_operator;
GRANT INSERT (id, tenant_id, task_id, due_at) ON taskrunner_pending_objects TO taskrunner_client;

-- Workers: those of the tasks they hold, and new ones of the very attempt.
CREATE POLICY worker_sees ON taskrunner_artifacts FOR SELECT TO taskrunner_worker USING (EXISTS (
    SELECT FROM taskrunner_tasks t
    WHERE t.id = task_id AND t.tenant_id = taskrunner_artifacts.tenant_id AND t.lease_expires_at IS NOT NULL
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
CREATE POLICY worker_adds ON taskrunner_artifacts FOR INSERT TO taskrunner_worker WITH CHECK (EXISTS (
    SELECT FROM taskrunner_tasks t
    WHERE t.id = task_id AND t.tenant_id = taskrunner_artifacts.tenant_id AND t.attempt = taskrunner_artifacts.attempt
        AND t.lease_expires_at IS NOT NULL
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
CREATE POLICY worker_claims ON taskrunner_pending_objects FOR ALL TO taskrunner_worker USING (EXISTS (
    SELECT FROM taskrunner_tasks t
    WHERE t.id = task_id AND t.tenant_id = taskrunner_pending_objects.tenant_id AND t.lease_expires_at IS NOT NULL
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)));
GRANT SELECT ON taskrunner_artifacts TO taskrunner_worker;
GRANT SELECT, DELETE ON taskrunner_pending_objects TO taskrunner_worker;

CREATE POLICY operator ON taskrunner_artifacts FOR ALL TO taskrunner_operator USING (true);
CREATE POLICY operator ON taskrunner_pending_objects FOR ALL TO taskrunner_operator USING (true);
GRANT SELECT, DELETE ON taskrunner_artifacts, taskrunner_pending_objects TO taskrunner_operator;
GRANT INSERT (id, tenant_id, task_id, due_at, taken_at), UPDATE (due_at, taken_at)
    ON taskrunner_pending_objects TO taskrunner_operator;

-- However an artifact goes (by itself, or with its task), its object is left to the sweep. Row by row, so that
-- deleting tasks without artifacts costs nothing.
CREATE FUNCTION taskrunner_artifacts_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO taskrunner_pending_objects (id, tenant_id, task_id, due_at) VALUES (OLD.id, OLD.tenant_id, OLD.task_id, now());
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_artifacts_deleted AFTER DELETE ON taskrunner_artifacts FOR EACH ROW EXECUTE FUNCTION taskrunner_artifacts_deleted();
CREATE POLICY trigger_writes ON taskrunner_pending_objects FOR INSERT TO CURRENT_USER WITH CHECK (true);
