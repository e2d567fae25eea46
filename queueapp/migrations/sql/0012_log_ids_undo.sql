-- As 0003_transitions.sql has them.
CREATE OR REPLACE FUNCTION taskrunner_tasks_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = on SET enable_nestloop = off AS $$
DECLARE
    mover constant text := taskrunner_who();
    named_actor constant text := taskrunner_actor();
BEGIN
    INSERT INTO taskrunner_task_logs (tenant_id, task_id, at, kind, to_status, attempt, actor, reason, level, message)
    SELECT n.tenant_id, n.id, clock_timestamp(), 'transition', n.status, n.attempt, named_actor,
        coalesce(legal.reason, taskrunner_refuse_transition(n.id, NULL, n.status, mover)), 'info', ''
    FROM new_rows n
    LEFT JOIN taskrunner_task_transitions legal ON legal.who = mover AND legal.from_status IS NULL AND legal.to_status = n.status;
    INSERT INTO taskrunner_task_deltas (at, tenant_id, queue, type, to_status, moves, wait_seconds, run_seconds)
    SELECT now(), n.tenant_id, n.queue, n.type, n.status, count(*), 0, 0
    FROM new_rows n GROUP BY n.tenant_id, n.queue, n.type, n.status;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION taskrunner_tasks_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = on SET enable_nestloop = off AS $$
DECLARE
    mover constant text := taskrunner_who();
    named_actor constant text := taskrunner_actor();
BEGIN
    WITH moved AS MATERIALIZED (
        SELECT n.tenant_id, n.id, n.queue, n.type, n.attempt, n.error_code, n.error_message, n.started_at, o.run_at,
            o.status AS from_status, n.status AS to_status, o.started_at AS ran_from,
            coalesce(n.worker_id, o.worker_id) AS worker_id, n.status IN ('failed', 'dead_letter') AS went_wrong,
            coalesce(legal.reason, taskrunner_refuse_transition(n.id, o.status, n.status, mover)) AS reason
        FROM new_rows n JOIN old_rows o ON o.id = n.id AND o.status <> n.status
        LEFT JOIN taskrunner_task_transitions legal
            ON legal.who = mover AND legal.from_status = o.status AND legal.to_status = n.status
    ), logged AS (
        INSERT INTO taskrunner_task_logs (tenant_id, task_id, at, kind, from_status, to_status, attempt, worker_id, actor, reason, level, message)
        SELECT tenant_id, id, clock_timestamp(), 'transition', from_status, to_status, attempt, worker_id, named_actor,
            CASE WHEN went_wrong AND error_code <> '' THEN error_code ELSE reason END,
            CASE WHEN went_wrong THEN 'error' ELSE 'info' END,
            CASE WHEN went_wrong THEN error_message ELSE '' END
        FROM moved
    )
    INSERT INTO taskrunner_task_deltas (at, tenant_id, queue, type, from_status, to_status, moves, wait_seconds, run_seconds)
    SELECT now(), tenant_id, queue, type, from_status, to_status, count(*),
        coalesce(sum(extract(epoch FROM started_at - run_at)) FILTER (WHERE to_status = 'leased'), 0),
        coalesce(sum(extract(epoch FROM clock_timestamp() - ran_from)) FILTER (WHERE from_status = 'leased'), 0)
    FROM moved GROUP BY tenant_id, queue, type, from_status, to_status;
    RETURN NULL;
END
$$;

DROP FUNCTION taskrunner_nth_id;
