-- Which of these tasks have ended, or are there no longer.
SELECT wanted.id FROM unnest(%(ids)s::uuid[]) AS wanted (id) LEFT JOIN taskrunner_tasks t ON t.id = wanted.id
WHERE t.id IS NULL OR t.finished_at IS NOT NULL
