-- fifo and priority: lease the next tasks by arrival, or by priority and then arrival.
-- A sub-queue is a partition at a priority. Each is read from its cursor, in index order, up to its bound and no further
-- than `scan_limit`.
-- What has expired is passed over: maintenance cancels it.
-- `next` are the first numbers behind the bound, by the places of the sub-queues from which all candidates are taken.
-- The batch ends where its cost passes 1: a task costs 1/batch_size of its type, and one whose worker died before,
-- perhaps over it, costs 1, so that it runs alone and a poison pill takes no neighbours with it.
WITH sub_queue AS MATERIALIZED (
    SELECT *, CASE WHEN %(by_priority)s THEN -priority ELSE 0 END AS rank
    FROM unnest(%(partitions)s::bigint[], %(priorities)s::smallint[], %(batch_sizes)s::integer[],
        %(cursors)s::bigint[], %(bounds)s::bigint[])
        WITH ORDINALITY AS sub_queue (partition_id, priority, batch_size, cursor, bound, place)
), rank AS MATERIALIZED (
    SELECT DISTINCT rank FROM sub_queue ORDER BY rank
), candidate AS MATERIALIZED (
    -- rank by rank, until there are enough: of two hundred priorities a claim reads the first few
    SELECT head.* FROM rank CROSS JOIN LATERAL (
        SELECT head.id, head.ready_seq, head.cost, sub_queue.place, rank.rank
        FROM sub_queue CROSS JOIN LATERAL (
            SELECT t.id, t.ready_seq,
                CASE WHEN t.crash_count > 0 OR t.error_code = 'worker_died' THEN 1 ELSE 1.0::float8 / sub_queue.batch_size END AS cost
            FROM taskrunner_tasks t
            WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
                AND t.ready_seq > sub_queue.cursor AND t.ready_seq <= sub_queue.bound
                AND (t.expires_at IS NULL OR t.expires_at > taskrunner_clock())
            ORDER BY t.ready_seq LIMIT %(scan_limit)s) AS head
        WHERE sub_queue.rank = rank.rank
        ORDER BY head.ready_seq LIMIT %(scan_limit)s) AS head
    LIMIT %(scan_limit)s
),
-- include: lease_candidates.sql
RETURNING chosen.position, t.id, t.tenant_id, t.partition_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.max_retries, t.timeout_seconds, t.crash_count > 0 OR t.error_code = 'worker_died' AS runs_alone,
    extract(epoch FROM t.expires_at - taskrunner_clock())::double precision AS expires_in_seconds,
    (SELECT count(*) FROM candidate) AS seen,
    CASE WHEN %(tell_next)s AND chosen.position = 1 THEN (
        SELECT json_object_agg(sub_queue.place - 1, (
            SELECT t.ready_seq FROM taskrunner_tasks t
            WHERE t.partition_id = sub_queue.partition_id AND t.priority = sub_queue.priority AND t.status = 'queued'
                AND t.ready_seq > sub_queue.bound
            ORDER BY t.ready_seq LIMIT 1))
        FROM sub_queue WHERE sub_queue.place NOT IN (
            SELECT place FROM candidate WHERE candidate.id NOT IN (
                SELECT id FROM chosen WHERE cost_so_far < 1.000001)))
    END AS next
