-- Claimers read how far the order of arrival is (sql/arrival_horizon.sql) …
GRANT SELECT ON SEQUENCE taskrunner_ready_seq TO taskrunner_worker;

-- … and rely on this: a transaction has its id before it draws a number. Once every id given out before some moment is
-- gone, no number drawn before it can turn up any more.
CREATE OR REPLACE FUNCTION taskrunner_tasks_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    transaction_id constant xid8 := pg_current_xact_id();
BEGIN
    NEW.ready_seq := nextval('taskrunner_ready_seq');
    SELECT k.id INTO NEW.partition_id FROM taskrunner_partitions k
     WHERE k.queue = NEW.queue AND k.type = NEW.type AND k.requirements = NEW.requirements;
    IF NOT FOUND THEN
        INSERT INTO taskrunner_partitions (queue, type, requirements) VALUES (NEW.queue, NEW.type, NEW.requirements)
        ON CONFLICT DO NOTHING;
        SELECT k.id INTO STRICT NEW.partition_id FROM taskrunner_partitions k
         WHERE k.queue = NEW.queue AND k.type = NEW.type AND k.requirements = NEW.requirements;
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION taskrunner_tasks_draw_ready_seq() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    transaction_id constant xid8 := pg_current_xact_id();
BEGIN
    NEW.ready_seq := nextval('taskrunner_ready_seq');
    RETURN NEW;
END
$$;
