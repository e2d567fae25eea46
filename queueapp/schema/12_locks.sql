-- Locks by name, until the end of the transaction. Advisory locks belong to the whole database; with the schema as the
-- first key, two installations in one database do not share them.
CREATE FUNCTION taskrunner_lock(name text) RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext(name))
$$;
CREATE FUNCTION taskrunner_try_lock(name text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT pg_try_advisory_xact_lock(hashtext(current_schema()), hashtext(name))
$$;
-- What pauses queues holds the first, what claims over HTTP the second (25_pauses.sql). Their key is the tables' schema,
-- wherever the search path of the session begins: anybody may pause, in psql too.
CREATE FUNCTION taskrunner_lock_pauses() RETURNS void LANGUAGE sql VOLATILE SET search_path = {{schema}}, pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('pauses'))
$$;
CREATE FUNCTION taskrunner_share_pauses() RETURNS void LANGUAGE sql VOLATILE SET search_path = {{schema}}, pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_xact_lock_shared(hashtext(current_schema()), hashtext('pauses'))
$$;
-- Of whoever adds partitions (22_partitions.sql). Claimers, whose search path begins with this schema, try for it by its name.
CREATE FUNCTION taskrunner_lock_partitions() RETURNS void LANGUAGE sql VOLATILE SET search_path = {{schema}}, pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('partitions'))
$$;
