-- Foreign keys between tenant tables carry the tenant: a plain one is checked outside row-level security,
-- so it would accept, and betray, another tenant's rows.
ALTER TABLE taskrunner_dedup_keys ADD CONSTRAINT tr_dedup_key_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_artifacts ADD CONSTRAINT tr_artifact_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_runs ADD CONSTRAINT tr_run_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_metrics ADD CONSTRAINT tr_run_metric_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_metrics ADD CONSTRAINT tr_run_metric_run_of_tenant
    FOREIGN KEY (tenant_id, run_id) REFERENCES taskrunner_runs (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_notes ADD CONSTRAINT tr_run_note_task_of_tenant
    FOREIGN KEY (tenant_id, task_id) REFERENCES taskrunner_tasks (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_run_notes ADD CONSTRAINT tr_run_note_run_of_tenant
    FOREIGN KEY (tenant_id, run_id) REFERENCES taskrunner_runs (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE taskrunner_schedule_slots ADD CONSTRAINT tr_slot_schedule_of_tenant
    FOREIGN KEY (tenant_id, schedule_id) REFERENCES taskrunner_schedules (tenant_id, id) ON DELETE CASCADE;

-- The platform's own tenant, exempt from limits.
INSERT INTO taskrunner_tenants (slug, name, active, limits) VALUES ('system', 'Taskrunner', true, '{}');

ALTER TABLE taskrunner_tenants ADD CONSTRAINT tr_tenant_limits_are_an_object CHECK (jsonb_typeof(limits) = 'object');
ALTER TABLE taskrunner_tenants ADD CONSTRAINT tr_tenant_lowered_limits_are_an_object
    CHECK (jsonb_typeof(lowered_limits) = 'object');

-- Moments that Python knows: one that it cannot read would stop the schedules of all tenants.
ALTER TABLE taskrunner_schedules ADD CONSTRAINT tr_schedule_moments_in_range CHECK (
    least(once_at, decided_until, next_slot_at, paused_at, undeclared_at, created_at, updated_at) >= '1900-01-01Z'
    AND greatest(once_at, decided_until, next_slot_at, paused_at, undeclared_at, created_at, updated_at) < '9999-01-01Z');

-- However an artifact goes (by itself, or with its task), its object is left to the sweep. Row by row, so that
-- deleting tasks without artifacts costs nothing.
CREATE FUNCTION taskrunner_artifacts_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    INSERT INTO taskrunner_pending_objects (id, tenant_id, task_id, due_at)
    VALUES (OLD.id, OLD.tenant_id, OLD.task_id, taskrunner_now());
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_artifacts_deleted AFTER DELETE ON taskrunner_artifacts
    FOR EACH ROW EXECUTE FUNCTION taskrunner_artifacts_deleted();

-- Which tenants a user belongs to is asked before a tenant is known, so with the owner's rights.
CREATE FUNCTION taskrunner_memberships_of(wanted_user taskrunner_memberships.user_id%TYPE) RETURNS TABLE (
    tenant_id uuid, slug text, name text, role text, sees_payloads boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
    SELECT t.id, t.slug, t.name, m.role, m.sees_payloads
    FROM taskrunner_memberships m JOIN taskrunner_tenants t ON t.id = m.tenant_id
    WHERE m.user_id = wanted_user AND t.active ORDER BY t.slug
$$;
REVOKE ALL ON FUNCTION taskrunner_memberships_of FROM PUBLIC;
