-- Pauses and resumes of all queues commit one after the other and are numbered in that order: a worker that knows number n
-- knows all up to n. The lock is taken before any row is; whoever claims over HTTP shares it (claiming/http_workers.py).
CREATE SEQUENCE taskrunner_pause_seq;
CREATE FUNCTION taskrunner_queues_lock_pauses() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    PERFORM taskrunner_lock_pauses();
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_queues_lock_pauses BEFORE UPDATE OF paused_at ON taskrunner_queues
    FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_queues_lock_pauses();

-- A resume, by whatever hand, takes along what was said about the pause.
CREATE FUNCTION taskrunner_queues_number_pause() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    NEW.pause_seq := nextval('taskrunner_pause_seq');
    IF NEW.paused_at IS NULL THEN
        NEW.paused_by := '';
        NEW.pause_reason := '';
        NEW.paused_until := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER taskrunner_queues_number_pause BEFORE UPDATE ON taskrunner_queues FOR EACH ROW
    WHEN (OLD.paused_at IS DISTINCT FROM NEW.paused_at) EXECUTE FUNCTION taskrunner_queues_number_pause();
