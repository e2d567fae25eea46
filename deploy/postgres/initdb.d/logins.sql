-- Runs ../logins.sql from psql, with the passwords of the environment variables TASKRUNNER_OWNER_PASSWORD and
-- TASKRUNNER_APP_PASSWORD. The PostgreSQL image does so when it makes its data directory; by hand:
--     psql --set ON_ERROR_STOP=1 --dbname taskrunner --file deploy/postgres/initdb.d/logins.sql
\getenv owner_password TASKRUNNER_OWNER_PASSWORD
\getenv app_password TASKRUNNER_APP_PASSWORD
SELECT set_config('taskrunner.owner_password', :'owner_password', false),
       set_config('taskrunner.app_password', :'app_password', false) \g /dev/null
\ir ../logins.sql
