-- Keep a line that a handler logged, only while its attempt holds the task.
SELECT taskrunner_append_task_log(%(task_id)s, %(attempt)s, %(level)s, %(message)s, %(detail)s::jsonb) AS kept
