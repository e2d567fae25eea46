DROP FUNCTION taskrunner_prune_task_logs;
DROP POLICY retention_deletes ON taskrunner_task_logs;
DROP POLICY retention_sees ON taskrunner_task_logs;
DROP POLICY retention_sees ON taskrunner_tasks;
