-- Fold the deltas that the trigger appended into the counts and the minute statistics; only the elected maintenance
-- does, so nothing is locked. Returns how many there were and the first one's number.
WITH taken AS (
    DELETE FROM taskrunner_task_deltas WHERE id IN (SELECT id FROM taskrunner_task_deltas WHERE id > %(after)s ORDER BY id LIMIT %(batch)s)
    RETURNING *
), counted AS (
    INSERT INTO taskrunner_task_counts (tenant_id, queue, status, tasks)
    SELECT tenant_id, queue, status, sum(change) FROM (
        SELECT tenant_id, queue, to_status AS status, moves AS change FROM taken WHERE to_status IS NOT NULL
        UNION ALL
        SELECT tenant_id, queue, from_status, -moves FROM taken WHERE from_status IS NOT NULL) AS moved
    GROUP BY tenant_id, queue, status HAVING sum(change) <> 0
    ON CONFLICT (tenant_id, queue, status) DO UPDATE SET tasks = taskrunner_task_counts.tasks + excluded.tasks
), measured AS (
    INSERT INTO taskrunner_task_stats (tenant_id, minute, queue, type, to_status, moves, wait_seconds, run_seconds)
    SELECT tenant_id, date_trunc('minute', at), queue, type, to_status, sum(moves), sum(wait_seconds), sum(run_seconds)
    FROM taken WHERE to_status IS NOT NULL GROUP BY tenant_id, date_trunc('minute', at), queue, type, to_status
    ON CONFLICT (tenant_id, minute, queue, type, to_status) DO UPDATE SET moves = taskrunner_task_stats.moves + excluded.moves,
        wait_seconds = taskrunner_task_stats.wait_seconds + excluded.wait_seconds,
        run_seconds = taskrunner_task_stats.run_seconds + excluded.run_seconds
)
SELECT count(*) AS folded, min(id) AS first_id FROM taken
