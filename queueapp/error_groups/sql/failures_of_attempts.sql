-- What the log says of attempts that failed.
SELECT h.task_id, h.attempt, h.at, h.reason, h.message, h.detail, h.worker_id
FROM unnest(%(ids)s::uuid[], %(attempts)s::integer[]) AS wanted (task_id, attempt)
JOIN taskrunner_task_history h ON h.task_id = wanted.task_id AND h.attempt = wanted.attempt
    AND h.to_status IN ('failed', 'dead_letter')
