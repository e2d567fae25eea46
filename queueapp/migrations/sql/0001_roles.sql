-- The roles that row-level security is written for. None can log in; a login takes one on with SET ROLE
-- inside a scope and holds none by inheritance, so that without a scope it sees nothing.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['taskrunner_client', 'taskrunner_worker', 'taskrunner_operator'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- made by the migrations of another database of this server
        END;
        IF NOT pg_has_role(current_user, wanted, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', wanted);
        END IF;
    END LOOP;
END
$$;
