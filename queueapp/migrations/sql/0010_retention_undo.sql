DROP FUNCTION prune_task_logs;
DROP POLICY retention_deletes ON task_logs;
DROP POLICY retention_sees ON task_logs;
DROP POLICY retention_sees ON tasks;
