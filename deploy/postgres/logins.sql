-- Taskrunner's two logins: the owner, who migrates, and the app, who runs. A superuser runs this while connected
-- to Taskrunner's database. Running it again is harmless and sets both passwords again.
--
-- The session must hold the passwords as taskrunner.owner_password and taskrunner.app_password:
-- initdb.d/logins.sql sets them from psql, taskrunner/devserver/embedded/logins.py from Python.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taskrunner_owner') THEN
        CREATE ROLE taskrunner_owner;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taskrunner_app') THEN
        CREATE ROLE taskrunner_app;
    END IF;
    EXECUTE format(
        'ALTER ROLE taskrunner_owner LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD %L',
        current_setting('taskrunner.owner_password')
    );
    EXECUTE format(
        'ALTER ROLE taskrunner_app LOGIN NOCREATEROLE NOCREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD %L',
        current_setting('taskrunner.app_password')
    );
    EXECUTE format('ALTER DATABASE %I OWNER TO taskrunner_owner', current_database());
    -- nothing of Taskrunner makes temporary tables, and one could stand in for a table of the same name
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

ALTER SCHEMA public OWNER TO taskrunner_owner;

-- The owner administers the app's login, and neither becomes it nor inherits from it.
GRANT taskrunner_app TO taskrunner_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
