-- The number of a request. Drawn while the locks of its keys are held, so it grows in the order in which the
-- changes of a key are committed.
CREATE SEQUENCE taskrunner_config_submissions;

-- What ended stays ended.
CREATE FUNCTION taskrunner_refuse_config_change_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'change % of % is % already', OLD.id, OLD.config_key, OLD.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'config_change_ends_once', TABLE = 'taskrunner_config_changes';
END
$$;
CREATE TRIGGER taskrunner_config_change_ends_once BEFORE UPDATE ON taskrunner_config_changes FOR EACH ROW
    WHEN (OLD.status <> 'accepted') EXECUTE FUNCTION taskrunner_refuse_config_change_update();

-- A version follows the one before it, and no change of its key that was accepted earlier still waits.
CREATE FUNCTION taskrunner_config_version_follows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
DECLARE
    last integer;
    place bigint;
    broken text;
BEGIN
    SELECT max(v.version) INTO last FROM taskrunner_config_versions v WHERE v.config_key = NEW.config_key;
    SELECT c.submission INTO place FROM taskrunner_config_changes c
    WHERE c.id = NEW.change_id AND c.config_key = NEW.config_key;
    IF NEW.version <> coalesce(last, 0) + 1 THEN
        broken := 'config_version_without_gap';
    ELSIF place IS NULL OR EXISTS (
        SELECT FROM taskrunner_config_changes c
        WHERE c.config_key = NEW.config_key AND c.submission < place AND c.status = 'accepted'
    ) OR EXISTS (
        SELECT FROM taskrunner_config_versions v JOIN taskrunner_config_changes c ON c.id = v.change_id
        WHERE v.config_key = NEW.config_key AND v.version = last AND c.submission > place
    ) THEN
        broken := 'config_version_in_order';
    ELSE
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'version % of % does not follow version %, or its change not the changes before it',
        NEW.version, NEW.config_key, coalesce(last, 0)
        USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = 'taskrunner_config_versions';
END
$$;
CREATE TRIGGER taskrunner_config_version_follows BEFORE INSERT ON taskrunner_config_versions
    FOR EACH ROW EXECUTE FUNCTION taskrunner_config_version_follows();

-- system_config is the last version of each key. With the owner's rights, because no role may write it.
CREATE FUNCTION taskrunner_config_versions_become_current() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    INSERT INTO system_config AS current (config_key, config_value, secret_id, is_active, version)
    VALUES (NEW.config_key, coalesce(NEW.value, 'null'), NEW.secret_id, NEW.is_active, NEW.version)
    ON CONFLICT (config_key) DO UPDATE SET
        config_value = coalesce(NEW.value, current.config_value),
        secret_id = coalesce(NEW.secret_id, CASE WHEN NEW.is_active THEN NULL ELSE current.secret_id END),
        is_active = NEW.is_active, version = NEW.version, updated_at = taskrunner_now();
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_config_versions_become_current AFTER INSERT ON taskrunner_config_versions
    FOR EACH ROW EXECUTE FUNCTION taskrunner_config_versions_become_current();

-- Processes that keep a snapshot look at this number.
CREATE FUNCTION taskrunner_config_epoch_grows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    INSERT INTO taskrunner_config_epoch AS epoch (id, number) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET number = epoch.number + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_config_epoch_grows AFTER INSERT ON taskrunner_config_versions
    FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_config_epoch_grows();
CREATE TRIGGER taskrunner_config_epoch_grows AFTER INSERT OR UPDATE OR DELETE ON taskrunner_config_keys
    FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_config_epoch_grows();

-- To cancel the task is to drop its changes, unless they are applied already. In the canceller's transaction and
-- with the owner's rights, because the canceller may be a worker, who has no business with the configuration.
CREATE FUNCTION taskrunner_config_task_cancelled() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    WITH waiting AS MATERIALIZED (
        -- locked in the order in which they are applied
        SELECT id FROM taskrunner_config_changes WHERE task_id = NEW.id AND status = 'accepted'
        ORDER BY config_key FOR UPDATE
    ), dropped AS (
        UPDATE taskrunner_config_changes SET status = 'cancelled', finished_at = taskrunner_now()
        WHERE id IN (SELECT id FROM waiting)
        RETURNING id, config_key, action, value
    )
    INSERT INTO taskrunner_config_audit (actor, config_key, action, new_value, status, reason, detail, change_id)
    SELECT taskrunner_actor(), config_key, action, value, 'failure', 'cancelled', 'Its task was cancelled.', id
    FROM dropped;
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_config_task_cancelled AFTER UPDATE OF status ON taskrunner_tasks FOR EACH ROW
    WHEN (NEW.status = 'cancelled' AND OLD.status <> 'cancelled' AND NEW.type = 'config.apply')
    EXECUTE FUNCTION taskrunner_config_task_cancelled();
