REVOKE ALL ON task_types FROM taskrunner_client, taskrunner_operator;
DROP POLICY operator ON task_types;
DROP POLICY client ON task_types;
ALTER TABLE task_types DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
