-- Ids for the rows of one statement: a fresh version 7 uuid with its last 28 bits, of 62 random ones, replaced by a count.
-- uuidv7() itself asks the operating system for random bytes each time, which took a tenth of a submit of many.
CREATE FUNCTION nth_id(first uuid, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (left(first::text, 29) || lpad(to_hex(n), 7, '0'))::uuid
$$;

-- As in 0003_transitions.sql, but for the ids of the log's rows.
CREATE OR REPLACE FUNCTION tasks_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_hashjoin = on SET enable_nestloop = off AS $$
DECLARE
    first_id constant uuid := uuidv7();
    mover constant text := taskrunner_who();
    named_actor constant text := taskrunner_actor();
BEGIN
    INSERT INTO task_logs (id, tenant_id, task_id, at, kind, to_status, attempt, actor, reason, level, message)
    SELECT nth_id(first_id, row_number() OVER ()), n.tenant_id, n.id, clock_timestamp(), 'transition', n.status, n.attempt,
        named_actor,
        coalesce(legal.reason, refuse_transition(n.id, NULL, n.status, mover)), 'info', ''
    FROM new_rows n
    LEFT JOIN task_transitions legal ON legal.who = mover AND legal.from_status IS NULL AND legal.to_status = n.status;
    INSERT INTO task_deltas (at, tenant_id, queue, type, to_status, moves, wait_seconds, run_seconds)
    SELECT now(), n.tenant_id, n.queue, n.type, n.status, count(*), 0, 0
    FROM new_rows n GROUP BY n.tenant_id, n.queue, n.type, n.status;
    RETURN NULL;
END
$$;

-- As there, but a transaction has its id before it draws a place in the order of arrival. Who sees in a snapshot that all
-- transactions up to some id have ended then knows that none of them will still fill a place below one that it drew since.
CREATE OR REPLACE FUNCTION tasks_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    transaction_id constant xid8 := pg_current_xact_id();
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

CREATE OR REPLACE FUNCTION tasks_draw_ready_seq() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    transaction_id constant xid8 := pg_current_xact_id();
BEGIN
    NEW.ready_seq := nextval('task_ready_seq');
    RETURN NEW;
END
$$;
