locked AS MATERIALIZED (
    -- one after the other in their order, until there are enough. || '' leaves the planner nothing but the primary key:
    -- while a table is new, walking an index of queued tasks for each would look as good to it
    SELECT candidate.* FROM candidate CROSS JOIN LATERAL (
        SELECT FROM taskrunner_tasks t
        WHERE t.id = candidate.id AND t.status || '' = 'queued' FOR UPDATE SKIP LOCKED) AS still_there
    -- the fence: a worker that was declared dead claims nothing
    WHERE NOT EXISTS (SELECT FROM taskrunner_workers w WHERE w.id = %(worker_id)s AND w.stopped_at IS NOT NULL)
    LIMIT %(limit)s
), chosen AS MATERIALIZED (
    SELECT id, sum(cost) OVER next AS cost_so_far, row_number() OVER next AS position
    FROM locked WINDOW next AS (ORDER BY rank, ready_seq)
)
UPDATE taskrunner_tasks t SET status = 'leased', attempt = t.attempt + 1, worker_id = %(worker_id)s,
    started_at = taskrunner_clock(), updated_at = taskrunner_clock(),
    lease_expires_at = taskrunner_clock() + make_interval(secs => %(lease_seconds)s)
FROM chosen, taskrunner_partitions p
WHERE t.id = chosen.id AND chosen.cost_so_far < 1.000001 AND p.id = t.partition_id
    -- what the worker may take was decided by the partition's words, so they must be the task's
    AND (p.type = t.type AND p.queue = t.queue AND p.requirements = t.requirements
        OR taskrunner_refuse_collision(t.id, p.id))
