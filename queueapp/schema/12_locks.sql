-- Locks by name, until the end of the transaction. Advisory locks belong to the whole database; with the schema as the
-- first key, two installations in one database do not share them.
CREATE FUNCTION taskrunner_lock(name text) RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext(name))
$$;
CREATE FUNCTION taskrunner_share_lock(name text) RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock_shared(hashtext(current_schema()), hashtext(name))
$$;
CREATE FUNCTION taskrunner_try_lock(name text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT pg_try_advisory_xact_lock(hashtext(current_schema()), hashtext(name))
$$;
