-- The log is append-only for every role. Its retention is this function of the owner, which decides by itself what may
-- go: rows of tasks that are gone, at least a day old. The policies let the owner see tasks and delete rows of the log
-- only where its functions act for the platform itself: in a session of its own, taskrunner_who() is never 'system'.
CREATE POLICY retention_sees ON taskrunner_tasks FOR SELECT TO CURRENT_USER USING ((SELECT taskrunner_who()) = 'system');
CREATE POLICY retention_sees ON taskrunner_task_logs FOR SELECT TO CURRENT_USER USING ((SELECT taskrunner_who()) = 'system');
CREATE POLICY retention_deletes ON taskrunner_task_logs FOR DELETE TO CURRENT_USER USING ((SELECT taskrunner_who()) = 'system');

-- Ids are times: the primary key gives the old rows, the oldest first. A batch of rows is examined, whether its tasks are
-- gone or not, so that a call costs the same whatever the log holds; the caller goes on after `last_id`.
CREATE FUNCTION taskrunner_prune_task_logs(after uuid, keep_days integer, batch integer)
RETURNS TABLE (examined bigint, deleted bigint, last_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    WITH old AS MATERIALIZED (
        SELECT l.id, l.task_id FROM taskrunner_task_logs l
        WHERE l.id > after AND l.id < (SELECT uuidv7(make_interval(days => -greatest(keep_days, 1))))
            AND l.at < now() - make_interval(days => greatest(keep_days, 1))
        ORDER BY l.id LIMIT batch
    ), gone AS (
        DELETE FROM taskrunner_task_logs l USING old
        WHERE l.id = old.id AND NOT EXISTS (SELECT FROM taskrunner_tasks t WHERE t.id = old.task_id)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM gone), (SELECT id FROM old ORDER BY id DESC LIMIT 1)
$$;
REVOKE ALL ON FUNCTION taskrunner_prune_task_logs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION taskrunner_prune_task_logs TO taskrunner_operator;
