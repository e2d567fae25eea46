REVOKE SELECT ON SEQUENCE taskrunner_ready_seq FROM taskrunner_worker;

CREATE OR REPLACE FUNCTION taskrunner_tasks_draw_ready_seq() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.ready_seq := nextval('taskrunner_ready_seq');
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION taskrunner_tasks_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
