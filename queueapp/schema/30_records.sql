-- Tables that are only ever added to. In `rls` no role has the right to change them; in `single` a trigger on each
-- calls this (db/operations.py). Retention deletes log rows by its function, which acts as the owner of the table: the
-- name alone could stand in anybody's statement. TRUNCATE is a right of the owner, and how Django empties a database
-- between tests.
CREATE FUNCTION taskrunner_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    call_stack text;
BEGIN
    GET DIAGNOSTICS call_stack = PG_CONTEXT;
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'taskrunner_task_logs' AND call_stack LIKE '%taskrunner_prune_task_logs%'
        AND (SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege', TABLE = TG_TABLE_NAME;
END
$$;

-- A line that a handler logged. The caller has proved that it holds the lease (sql/append_log.sql).
CREATE FUNCTION taskrunner_append_task_log(
    tenant_id uuid, task_id uuid, attempt integer, worker_id uuid, level text, message text, detail jsonb
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
DECLARE
    log_id constant uuid := taskrunner_uuidv7();
BEGIN
    INSERT INTO taskrunner_task_logs (id, tenant_id, task_id, at, kind, attempt, worker_id, actor, reason, level,
        message, detail)
    VALUES (log_id, tenant_id, task_id, taskrunner_clock(), 'log', attempt, worker_id, taskrunner_actor(), '',
        level, message, detail);
    RETURN log_id;
END
$$;
REVOKE ALL ON FUNCTION taskrunner_append_task_log FROM PUBLIC;

-- The log is append-only. Its retention is this function, which decides by itself what may go: rows of tasks that are
-- gone, at least a day old.
--
-- Ids are times: the primary key gives the old rows, the oldest first. A batch of rows is examined, whether its tasks
-- are gone or not, so that a call costs the same whatever the log holds; the caller goes on after `last_id`.
CREATE FUNCTION taskrunner_prune_task_logs(after uuid, keep_days integer, batch integer)
RETURNS TABLE (examined bigint, deleted bigint, last_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    WITH old AS MATERIALIZED (
        SELECT l.id, l.task_id FROM taskrunner_task_logs l
        WHERE l.id > after AND l.at < taskrunner_now() - make_interval(days => greatest(keep_days, 1))
            AND l.id < (SELECT taskrunner_first_id_at(taskrunner_now() - make_interval(days => greatest(keep_days, 1))))
        ORDER BY l.id LIMIT batch
    ), gone AS (
        DELETE FROM taskrunner_task_logs l USING old
        WHERE l.id = old.id AND NOT EXISTS (SELECT FROM taskrunner_tasks t WHERE t.id = old.task_id)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM gone), (SELECT id FROM old ORDER BY id DESC LIMIT 1)
$$;
REVOKE ALL ON FUNCTION taskrunner_prune_task_logs FROM PUBLIC;
