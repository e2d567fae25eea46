REVOKE ALL ON taskrunner_task_types FROM taskrunner_client, taskrunner_operator;
DROP POLICY operator ON taskrunner_task_types;
DROP POLICY client ON taskrunner_task_types;
ALTER TABLE taskrunner_task_types DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
