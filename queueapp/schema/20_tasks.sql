-- These grow with time: into a page that was left full nothing comes but new versions of the tasks in it, which take
-- the places of old ones. Room kept for others would stay empty.
ALTER INDEX taskrunner_tasks_pkey SET (fillfactor = 100);
ALTER INDEX tr_task_id_within_tenant SET (fillfactor = 100);
ALTER INDEX tr_task_by_partition SET (fillfactor = 100);
ALTER INDEX tr_task_ready_by_priority SET (fillfactor = 100);
ALTER INDEX tr_task_ready_by_tenant SET (fillfactor = 100);
ALTER INDEX tr_task_retried_from SET (fillfactor = 100);

-- What clients may write and everybody reads: moments that Python knows, and what was raised in the form that it has.
ALTER TABLE taskrunner_tasks ADD CONSTRAINT tr_task_moments_in_range CHECK (
    least(run_at, expires_at, updated_at, finished_at, cancel_requested_at) >= '1900-01-01Z'
    AND greatest(run_at, expires_at, updated_at, finished_at, cancel_requested_at) < '9999-01-01Z');
ALTER TABLE taskrunner_tasks ADD CONSTRAINT tr_task_error_and_progress_formed CHECK (
    (progress IS NULL OR jsonb_typeof(progress) = 'object')
    AND (error_detail IS NULL
        OR coalesce(jsonb_typeof(error_detail -> 'exception_class') = 'string'
            AND jsonb_typeof(error_detail -> 'traceback') = 'string', false)));

-- Every legal move of a task: the same as queueapp/states.py, held equal to it by a test.
CREATE TABLE taskrunner_task_transitions (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- what a row of the log names its move by
    from_status text,  -- NULL: the task is new
    to_status text NOT NULL,
    who text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT task_transition_once UNIQUE NULLS NOT DISTINCT (from_status, to_status, who)
);
INSERT INTO taskrunner_task_transitions (from_status, to_status, who, reason) VALUES
    (NULL         , 'scheduled', 'client', 'submit'),
    (NULL         , 'scheduled', 'operator', 'submit'),
    (NULL         , 'blocked', 'client', 'submit'),
    (NULL         , 'blocked', 'operator', 'submit'),
    (NULL         , 'queued', 'client', 'submit'),
    (NULL         , 'queued', 'operator', 'submit'),
    (NULL         , 'queued', 'system', 'submit'),
    ('scheduled'  , 'queued', 'system', 'due'),
    ('scheduled'  , 'cancelled', 'client', 'cancel'),
    ('scheduled'  , 'cancelled', 'operator', 'cancel'),
    ('scheduled'  , 'cancelled', 'system', 'expired'),
    ('blocked'    , 'queued', 'system', 'dependencies_completed'),
    ('blocked'    , 'cancelled', 'client', 'cancel'),
    ('blocked'    , 'cancelled', 'operator', 'cancel'),
    ('blocked'    , 'cancelled', 'system', 'dependency_failed'),
    ('queued'     , 'leased', 'worker', 'claim'),
    ('queued'     , 'cancelled', 'client', 'cancel'),
    ('queued'     , 'cancelled', 'operator', 'cancel'),
    ('queued'     , 'cancelled', 'system', 'expired'),
    ('leased'     , 'queued', 'system', 'lease_expired'),
    ('leased'     , 'queued', 'worker', 'released'),
    ('leased'     , 'scheduled', 'worker', 'later'),
    ('leased'     , 'failed', 'worker', 'error'),
    ('leased'     , 'completed', 'worker', 'result'),
    ('leased'     , 'dead_letter', 'system', 'worker_crashed'),
    ('leased'     , 'dead_letter', 'worker', 'error'),
    ('leased'     , 'cancelled', 'system', 'cancel'),
    ('leased'     , 'cancelled', 'worker', 'cancel'),
    ('failed'     , 'queued', 'client', 'retry'),
    ('failed'     , 'queued', 'operator', 'retry'),
    ('failed'     , 'queued', 'system', 'due'),
    ('failed'     , 'cancelled', 'client', 'cancel'),
    ('failed'     , 'cancelled', 'operator', 'cancel'),
    ('failed'     , 'cancelled', 'system', 'expired'),
    ('dead_letter', 'queued', 'client', 'retry'),
    ('dead_letter', 'queued', 'operator', 'retry'),
    ('cancelled'  , 'queued', 'client', 'retry'),
    ('cancelled'  , 'queued', 'operator', 'retry');
-- 'sql' is a login without a scope (the owner in a psql session): any legal move, logged as such.
INSERT INTO taskrunner_task_transitions (from_status, to_status, who, reason)
SELECT from_status, to_status, 'sql', min(reason) FROM taskrunner_task_transitions GROUP BY from_status, to_status
ORDER BY min(id);

CREATE FUNCTION taskrunner_actor() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('taskrunner.actor', true), ''), 'sql:' || session_user)
$$;

CREATE FUNCTION taskrunner_refuse_transition(task_id uuid, from_status text, to_status text, who text) RETURNS smallint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'task %: % may not move it from % to %', task_id, who, coalesce(from_status, 'new'), to_status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'task_transition_legal', TABLE = 'taskrunner_tasks';
END
$$;

-- What tasks of a type that failed in the same way have in common, from the digest of the failure
-- (queueapp/fingerprints.py). The cast stands for convert_to(), which is not IMMUTABLE; neither text holds a backslash.
CREATE FUNCTION taskrunner_error_fingerprint(type text, digest text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(encode(sha256((type || ' ' || digest)::bytea), 'hex'), 16)
$$;

-- Times in 24 buckets, each twice as wide as the one before (queueapp/histograms.py): the bucket of a time, as many
-- times as they were counted in each, and the sum of two.
CREATE FUNCTION taskrunner_bucket(seconds double precision) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT width_bucket(seconds, '{0.001,0.002,0.004,0.008,0.016,0.032,0.064,0.128,0.256,0.512,1.024,2.048,4.096,8.192,
        16.384,32.768,65.536,131.072,262.144,524.288,1048.576,2097.152,4194.304}'::double precision[])::smallint
$$;
CREATE FUNCTION taskrunner_histogram(buckets smallint[], counts bigint[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(coalesce(counted, 0)::integer ORDER BY number)
    FROM generate_series(0, 23) AS number LEFT JOIN (
        SELECT bucket, sum(count) AS counted FROM unnest(buckets, counts) AS found (bucket, count) GROUP BY bucket) AS found
        ON bucket = number
$$;
CREATE FUNCTION taskrunner_sum_of_histograms(one integer[], other integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN one IS NULL THEN other WHEN other IS NULL THEN one ELSE (
        SELECT array_agg(a + b ORDER BY number) FROM unnest(one, other) WITH ORDINALITY AS both_of (a, b, number)) END
$$;

-- A statement's moves in one pass each: one log row a move, one delta row a statement and kind of move.
-- SECURITY DEFINER, because only the owner may write these tables, and any role moves tasks. Joined by hash in any case:
-- a function is planned at a session's first call, so a worker whose first batch was one task would compare every old
-- row of a batch with every new one for the rest of its life.
CREATE FUNCTION taskrunner_tasks_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp
SET enable_hashjoin = on SET enable_nestloop = off AS $$
DECLARE
    mover constant text := taskrunner_who();
    named_actor constant text := taskrunner_actor();
BEGIN
    INSERT INTO taskrunner_task_logs (at, attempt, transition_id, tenant_id, task_id, actor)
    SELECT taskrunner_clock(), n.attempt, coalesce(legal.id, taskrunner_refuse_transition(n.id, NULL, n.status, mover)),
        n.tenant_id, n.id, named_actor
    FROM new_rows n
    LEFT JOIN taskrunner_task_transitions legal
        ON legal.who = mover AND legal.from_status IS NULL AND legal.to_status = n.status;
    INSERT INTO taskrunner_task_deltas (at, tenant_id, queue, type, to_status, moves, wait_seconds, run_seconds)
    SELECT taskrunner_now(), n.tenant_id, n.queue, n.type, n.status, count(*), 0, 0
    FROM new_rows n GROUP BY n.tenant_id, n.queue, n.type, n.status;
    -- sub-selects, since a join would be by hash: read all partitions there are. A partition is looked up once, however
    -- many rows are in it, and it hardly ever is a new one (22_partitions.sql)
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT partition_id FROM new_rows WHERE status = 'queued') AS ready
        WHERE (SELECT true FROM taskrunner_partitions p WHERE p.id = ready.partition_id AND p.retired_in IS NULL) IS NULL)
    THEN
        INSERT INTO taskrunner_new_partitions (partition_id, queue, type, requirements, opened_by)
        SELECT DISTINCT ON (n.partition_id) n.partition_id, n.queue, n.type, n.requirements,
            CASE WHEN n.requirements <> '{}' THEN n.tenant_id END
        FROM new_rows n
        WHERE n.status = 'queued'
            AND (SELECT true FROM taskrunner_partitions p WHERE p.id = n.partition_id AND p.retired_in IS NULL) IS NULL
            AND (SELECT true FROM taskrunner_new_partitions p WHERE p.partition_id = n.partition_id LIMIT 1) IS NULL
        ORDER BY n.partition_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_tasks_inserted AFTER INSERT ON taskrunner_tasks
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_tasks_inserted();

CREATE FUNCTION taskrunner_tasks_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp
SET enable_hashjoin = on SET enable_nestloop = off AS $$
DECLARE
    mover constant text := taskrunner_who();
    named_actor constant text := taskrunner_actor();
BEGIN
    WITH moved AS MATERIALIZED (
        SELECT n.tenant_id, n.id, n.queue, n.type, n.attempt, n.error_code, n.error_message, n.error_detail,
            CASE WHEN n.status = 'leased' THEN extract(epoch FROM n.started_at - o.run_at)::double precision END
                AS wait_seconds,
            o.status AS from_status, n.status AS to_status,
            -- a task that leaves its worker to wait again has not ended its attempt
            CASE WHEN o.status = 'leased' AND n.status <> 'queued' THEN n.run_seconds END AS run_seconds,
            coalesce(n.worker_id, o.worker_id) AS worker_id,
            CASE WHEN o.status = 'leased' THEN o.worker_id END AS left_worker_id,
            CASE WHEN n.status IN ('failed', 'dead_letter') THEN n.error_fingerprint END AS error_fingerprint,
            -- a cancel keeps the error of an earlier attempt; one that writes another says why it came
            n.status IN ('failed', 'dead_letter') OR n.status = 'cancelled' AND n.error_code <> o.error_code AS has_error,
            coalesce(legal.id, taskrunner_refuse_transition(n.id, o.status, n.status, mover)) AS transition_id
        FROM new_rows n JOIN old_rows o ON o.id = n.id AND o.status <> n.status
        LEFT JOIN taskrunner_task_transitions legal
            ON legal.who = mover AND legal.from_status = o.status AND legal.to_status = n.status
    ), logged AS (
        INSERT INTO taskrunner_task_logs (at, run_seconds, attempt, transition_id, tenant_id, task_id, worker_id, actor,
            reason, message, detail)
        SELECT taskrunner_clock(), run_seconds, attempt, transition_id, tenant_id, id, worker_id,
            nullif(named_actor, 'worker:' || worker_id),
            CASE WHEN has_error THEN nullif(error_code, '') END,
            CASE WHEN has_error THEN error_message END,
            CASE WHEN has_error THEN error_detail END
        FROM moved
    )
    INSERT INTO taskrunner_task_deltas (at, tenant_id, queue, type, from_status, to_status, moves, wait_seconds,
        run_seconds, bucket, worker_id, error_fingerprint, error_task_id, error_attempt)
    SELECT taskrunner_now(), tenant_id, queue, type, from_status, to_status, count(*), coalesce(sum(wait_seconds), 0),
        coalesce(sum(run_seconds), 0), taskrunner_bucket(coalesce(wait_seconds, run_seconds)) AS bucket, left_worker_id,
        error_fingerprint,
        (array_agg(id) FILTER (WHERE error_fingerprint IS NOT NULL))[1],
        (array_agg(attempt) FILTER (WHERE error_fingerprint IS NOT NULL))[1]
    FROM moved GROUP BY tenant_id, queue, type, from_status, to_status, bucket, left_worker_id, error_fingerprint;
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_tasks_updated AFTER UPDATE ON taskrunner_tasks
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_tasks_updated();

CREATE FUNCTION taskrunner_tasks_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    INSERT INTO taskrunner_task_deltas (at, tenant_id, queue, type, from_status, moves, wait_seconds, run_seconds)
    SELECT taskrunner_now(), o.tenant_id, o.queue, o.type, o.status, count(*), 0, 0
    FROM old_rows o GROUP BY o.tenant_id, o.queue, o.type, o.status;
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_tasks_deleted AFTER DELETE ON taskrunner_tasks
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_tasks_deleted();

-- The order of arrival, drawn each time a task becomes ready. Claimers follow it (claiming/sql/arrival_horizon.sql),
-- and rely on this: a transaction has its id before it draws a number. Once every id given out before some moment is gone,
-- no number drawn before it can turn up any more.
CREATE SEQUENCE taskrunner_ready_seq;
CREATE FUNCTION taskrunner_tasks_draw_ready_seq() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
DECLARE
    transaction_id constant xid8 := pg_current_xact_id();
BEGIN
    NEW.ready_seq := nextval('taskrunner_ready_seq');
    IF NOT EXISTS (SELECT FROM taskrunner_partitions p WHERE p.id = NEW.partition_id AND p.retired_in IS NULL)
        AND NOT EXISTS (SELECT FROM taskrunner_new_partitions p WHERE p.partition_id = NEW.partition_id)
    THEN
        INSERT INTO taskrunner_new_partitions (partition_id, queue, type, requirements, opened_by)
        VALUES (NEW.partition_id, NEW.queue, NEW.type, NEW.requirements,
            CASE WHEN NEW.requirements <> '{}' THEN NEW.tenant_id END);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER taskrunner_tasks_become_ready BEFORE UPDATE ON taskrunner_tasks FOR EACH ROW
    WHEN (NEW.status = 'queued' AND OLD.status <> 'queued') EXECUTE FUNCTION taskrunner_tasks_draw_ready_seq();

-- A new task: its place in the order, and its partition, whose row others make (22_partitions.sql).
CREATE FUNCTION taskrunner_tasks_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
DECLARE
    transaction_id constant xid8 := pg_current_xact_id();
BEGIN
    -- what every worker reads before it knows whose it is, so that nothing in it may stop one
    IF jsonb_typeof(NEW.params) <> 'object' OR jsonb_typeof(NEW.requirements) <> 'object'
        OR jsonb_path_exists(NEW.params, '$.**{32}')
        OR NEW.requirements <> '{}' AND jsonb_path_exists(NEW.requirements, '$.**{32}')
    THEN
        RAISE EXCEPTION 'task %: parameters and requirements are objects of at most 32 levels', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'task_documents_formed', TABLE = 'taskrunner_tasks';
    END IF;
    NEW.ready_seq := nextval('taskrunner_ready_seq');
    NEW.partition_id := taskrunner_partition_id(NEW.queue, NEW.type, NEW.requirements);
    RETURN NEW;
END
$$;
CREATE TRIGGER taskrunner_tasks_before_insert BEFORE INSERT ON taskrunner_tasks
    FOR EACH ROW EXECUTE FUNCTION taskrunner_tasks_before_insert();

-- A task that repeats an earlier one: that must be its own tenant's, as its submitter sees it, and the logs of both tell
-- of the other. Lines of people belong to no attempt.
CREATE FUNCTION taskrunner_tasks_check_retried_from() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM taskrunner_tasks t WHERE t.id = NEW.retried_from_id AND t.tenant_id = NEW.tenant_id) THEN
        RAISE EXCEPTION 'task %: its tenant has no task %', NEW.id, NEW.retried_from_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_retried_from_within_tenant',
            TABLE = 'taskrunner_tasks', DETAIL = 'task_retried_from_within_tenant';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER taskrunner_tasks_check_retried_from BEFORE INSERT ON taskrunner_tasks FOR EACH ROW
    WHEN (NEW.retried_from_id IS NOT NULL) EXECUTE FUNCTION taskrunner_tasks_check_retried_from();

CREATE FUNCTION taskrunner_tasks_log_submitted_again() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    INSERT INTO taskrunner_task_logs (at, attempt, tenant_id, task_id, actor, reason, level, message, detail)
    VALUES
        (taskrunner_clock(), 0, NEW.tenant_id, NEW.id, taskrunner_actor(), 'submitted_again', 'info',
            'repeats task ' || NEW.retried_from_id, jsonb_build_object('retried_from_id', NEW.retried_from_id)),
        (taskrunner_clock(), 0, NEW.tenant_id, NEW.retried_from_id, taskrunner_actor(), 'submitted_again', 'info',
            'submitted again as task ' || NEW.id, jsonb_build_object('retried_as_id', NEW.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_tasks_submitted_again AFTER INSERT ON taskrunner_tasks FOR EACH ROW
    WHEN (NEW.retried_from_id IS NOT NULL) EXECUTE FUNCTION taskrunner_tasks_log_submitted_again();

-- Two partitions with the same digest: a claim by one of them must not get the other's tasks.
CREATE FUNCTION taskrunner_refuse_collision(task_id uuid, partition_id bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'task %: partition % stands for another queue, type or requirements', task_id, partition_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'partition_without_collision', TABLE = 'taskrunner_partitions';
END
$$;

-- What no update may touch: the fence never falls, and a task never changes tenant or partition. For updates that name
-- none of these columns PostgreSQL does not read the condition, which it would for each statement, not once.
CREATE FUNCTION taskrunner_refuse_task_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'task %: attempt may not fall; tenant, type, queue and requirements may not change', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'task_identity_fixed', TABLE = 'taskrunner_tasks';
END
$$;
CREATE TRIGGER taskrunner_tasks_identity_fixed
    BEFORE UPDATE OF attempt, id, tenant_id, type, queue, requirements, partition_id, retried_from_id
    ON taskrunner_tasks FOR EACH ROW
    WHEN (NEW.attempt < OLD.attempt OR NEW.id <> OLD.id OR NEW.tenant_id <> OLD.tenant_id
        OR NEW.type <> OLD.type OR NEW.queue <> OLD.queue OR NEW.requirements <> OLD.requirements
        OR NEW.partition_id <> OLD.partition_id OR NEW.retried_from_id IS DISTINCT FROM OLD.retried_from_id)
    EXECUTE FUNCTION taskrunner_refuse_task_update();

-- Asking a running task to stop moves nothing yet, but who asked belongs into its history.
CREATE FUNCTION taskrunner_tasks_log_cancel_request() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    INSERT INTO taskrunner_task_logs (at, attempt, tenant_id, task_id, worker_id, actor, reason, level, message)
    VALUES (taskrunner_clock(), NEW.attempt, NEW.tenant_id, NEW.id, NEW.worker_id,
        nullif(taskrunner_actor(), 'worker:' || NEW.worker_id), 'cancel_requested', 'info', 'asked to stop');
    RETURN NULL;
END
$$;
CREATE TRIGGER taskrunner_tasks_cancel_requested AFTER UPDATE OF cancel_requested_at ON taskrunner_tasks FOR EACH ROW
    WHEN (NEW.status = 'leased' AND OLD.cancel_requested_at IS NULL AND NEW.cancel_requested_at IS NOT NULL)
    EXECUTE FUNCTION taskrunner_tasks_log_cancel_request();
