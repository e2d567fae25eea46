-- As 0003_transitions.sql has them.
CREATE OR REPLACE FUNCTION tasks_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = on SET enable_nestloop = off AS $$
DECLARE
    mover constant text := taskrunner_who();
    named_actor constant text := taskrunner_actor();
BEGIN
    INSERT INTO task_logs (tenant_id, task_id, at, kind, to_status, attempt, actor, reason, level, message)
    SELECT n.tenant_id, n.id, clock_timestamp(), 'transition', n.status, n.attempt, named_actor,
        coalesce(legal.reason, refuse_transition(n.id, NULL, n.status, mover)), 'info', ''
    FROM new_rows n
    LEFT JOIN task_transitions legal ON legal.who = mover AND legal.from_status IS NULL AND legal.to_status = n.status;
    INSERT INTO task_deltas (at, tenant_id, queue, type, to_status, moves, wait_seconds, run_seconds)
    SELECT now(), n.tenant_id, n.queue, n.type, n.status, count(*), 0, 0
    FROM new_rows n GROUP BY n.tenant_id, n.queue, n.type, n.status;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tasks_draw_ready_seq() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.ready_seq := nextval('task_ready_seq');
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION tasks_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.ready_seq := nextval('task_ready_seq');
    SELECT k.id INTO NEW.kind_id FROM task_kinds k
     WHERE k.queue = NEW.queue AND k.type = NEW.type AND k.requirements = NEW.requirements;
    IF NOT FOUND THEN
        INSERT INTO task_kinds (queue, type, requirements) VALUES (NEW.queue, NEW.type, NEW.requirements)
        ON CONFLICT DO NOTHING;
        SELECT k.id INTO STRICT NEW.kind_id FROM task_kinds k
         WHERE k.queue = NEW.queue AND k.type = NEW.type AND k.requirements = NEW.requirements;
    END IF;
    RETURN NEW;
END
$$;

DROP FUNCTION nth_id;
