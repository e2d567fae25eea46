-- Made before the tables, whose defaults call these.
--
-- What time it is: of the transaction, and by the wall clock. All SQL of the platform asks these two and nothing else.
-- The planner replaces each by its body, so they cost nothing; the test kit replaces them to move the clock.
CREATE FUNCTION taskrunner_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT pg_catalog.now()';
CREATE FUNCTION taskrunner_clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
    AS 'SELECT pg_catalog.clock_timestamp()';

-- A version 7 uuid. PostgreSQL 18 makes them; older ones get the same shape: milliseconds, then their fraction in
-- 12 bits, so that the ids of one session grow, then random bits.
DO $do$
BEGIN
    IF to_regprocedure('pg_catalog.uuidv7()') IS NOT NULL THEN
        EXECUTE $$CREATE FUNCTION taskrunner_uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
            AS 'SELECT pg_catalog.uuidv7()'$$;
    ELSE
        EXECUTE $$CREATE FUNCTION taskrunner_uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS '
            SELECT (lpad(to_hex(micros / 1000), 12, ''0'') || to_hex(28672 + micros % 1000 * 4096 / 1000)
                || right(replace(gen_random_uuid()::text, ''-'', ''''), 16))::uuid
            FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS at (micros)'$$;
    END IF;
END
$do$;

-- The lowest version 7 uuid of a moment: ids are times, so what is older than it is found by primary key.
CREATE FUNCTION taskrunner_first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- The id of a partition: the first 8 bytes of a digest of what it stands for, so that an insert of a task can tell
-- it without looking. Queue and type hold no line break, so no two partitions give the same text.
-- The cast stands for convert_to(), which is not IMMUTABLE: with it the planner could not put this body in place of a
-- call, and each row of a bulk submission cost twice as much.
CREATE FUNCTION taskrunner_partition_id(queue text, type text, requirements jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || left(encode(
        sha256(replace(queue || E'\n' || type || E'\n' || requirements::text, '\', '\\')::bytea), 'hex'), 16))::bit(64)::bigint
$$;

-- How tenants are kept apart in this database: 'single' or 'rls'. One row; no model, so that a flush leaves it alone.
CREATE TABLE taskrunner_installation (
    isolation text NOT NULL CHECK (isolation IN ('single', 'rls')),
    single_row boolean PRIMARY KEY DEFAULT true CHECK (single_row)
);
INSERT INTO taskrunner_installation (isolation) VALUES ('{{isolation}}');
