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

-- The log has no primary key: an index of the tasks alone keeps each of them once, with a list of its rows, and takes
-- a third of one of (task_id, id). Nothing but the database numbers its rows, so none has another's number.
-- Without a key, a server that replicates by rows tells which one was deleted by all that it held.
ALTER TABLE taskrunner_task_logs DROP CONSTRAINT taskrunner_task_logs_pkey;
ALTER TABLE taskrunner_task_logs ALTER COLUMN id SET GENERATED ALWAYS, REPLICA IDENTITY FULL;

-- A line that a handler logged, only while the worker of the scope holds this attempt of the task. False: the lease was
-- lost. The task is locked, so that nobody ends the attempt between the look and the line, and lines have ids in the
-- order in which they are committed.
CREATE FUNCTION taskrunner_append_task_log(
    of_task uuid, of_attempt integer, its_level text, its_message text, its_detail jsonb
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
DECLARE
    held record;
BEGIN
    SELECT t.tenant_id, t.worker_id INTO held FROM taskrunner_tasks t
    WHERE t.id = of_task AND t.attempt = of_attempt AND t.lease_expires_at IS NOT NULL
        AND t.worker_id = (SELECT nullif(current_setting('taskrunner.worker_id', true), '')::uuid)
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO taskrunner_task_logs (at, attempt, tenant_id, task_id, worker_id, actor, level, message, detail)
    VALUES (taskrunner_clock(), of_attempt, held.tenant_id, of_task, held.worker_id,
        nullif(taskrunner_actor(), 'worker:' || held.worker_id), its_level, its_message, its_detail);
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION taskrunner_append_task_log FROM PUBLIC;

-- The log is append-only. Its retention is this function, which decides by itself what may go: rows of tasks that are
-- gone, at least a day old.
--
-- Ids of tasks are times, so the oldest tasks come first. A batch of tasks is examined, whether they are gone or not, and
-- of their rows at most ten times as many go, so that a call costs about the same whatever the log holds. The caller goes
-- on after `last_task`: after the same as now where rows were left.
CREATE FUNCTION taskrunner_prune_task_logs(after uuid, keep_days integer, batch integer)
RETURNS TABLE (examined bigint, deleted bigint, last_task uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_hashagg = off AS $$
    WITH old AS MATERIALIZED (
        SELECT DISTINCT l.task_id FROM taskrunner_task_logs l
        WHERE l.task_id > after
            AND l.task_id < (SELECT taskrunner_first_id_at(taskrunner_now() - make_interval(days => greatest(keep_days, 1))))
        ORDER BY l.task_id LIMIT batch
    ), gone AS (
        DELETE FROM taskrunner_task_logs l
        WHERE l.ctid = ANY (ARRAY(
            SELECT found.ctid FROM old JOIN taskrunner_task_logs found ON found.task_id = old.task_id
            WHERE found.at < taskrunner_now() - make_interval(days => greatest(keep_days, 1))
                AND NOT EXISTS (SELECT FROM taskrunner_tasks t WHERE t.id = old.task_id)
            LIMIT 10 * batch))
        RETURNING 1
    )
    SELECT count(*), (SELECT count(*) FROM gone),
        CASE WHEN (SELECT count(*) FROM gone) = 10 * batch THEN after
            ELSE (SELECT task_id FROM old ORDER BY task_id DESC LIMIT 1) END
    FROM old
$$;
REVOKE ALL ON FUNCTION taskrunner_prune_task_logs FROM PUBLIC;
