-- weighted_random: draw priorities in proportion to themselves (10 ten times as often as 1), then the oldest of each.
-- The tasks of a priority arrive as a Poisson process of that rate: the first `most` arrivals of all priorities are
-- exactly so many draws without replacement. The set's size is decided as in claim_in_order.sql.
WITH lane AS MATERIALIZED (
    SELECT * FROM unnest(%(kinds)s::integer[], %(priorities)s::smallint[], %(set_sizes)s::integer[], %(marks)s::bigint[])
        AS lane (kind_id, priority, set_size, mark)
), waiting AS MATERIALIZED (
    SELECT head.id, head.ready_seq, head.cost, lane.priority,
        row_number() OVER (PARTITION BY lane.priority ORDER BY head.ready_seq) AS place
    FROM lane CROSS JOIN LATERAL (
        SELECT t.id, t.ready_seq, CASE WHEN t.crash_count > 0 THEN 1 ELSE 1.0::float8 / lane.set_size END AS cost
        FROM tasks t
        WHERE t.kind_id = lane.kind_id AND t.priority = lane.priority AND t.status = 'queued' AND t.ready_seq > lane.mark
        ORDER BY t.ready_seq LIMIT %(reach)s) AS head
), candidate AS MATERIALIZED (
    SELECT id, ready_seq, cost,
        sum(-ln(1 - random()) / priority) OVER (PARTITION BY priority ORDER BY place) AS rank
    FROM waiting WHERE place <= %(reach)s
    ORDER BY rank LIMIT %(reach)s
), locked AS MATERIALIZED (
    -- one after the other in their order, until there are enough. || '' leaves the planner nothing but the primary key:
    -- while a table is new, walking an index of queued tasks for each would look as good to it
    SELECT candidate.* FROM candidate CROSS JOIN LATERAL (
        SELECT FROM tasks t WHERE t.id = candidate.id AND t.status || '' = 'queued' FOR UPDATE SKIP LOCKED) AS still_there
    LIMIT %(most)s
), chosen AS MATERIALIZED (
    SELECT id, sum(cost) OVER next AS cost_so_far, row_number() OVER next AS position
    FROM locked WINDOW next AS (ORDER BY rank, ready_seq)
)
UPDATE tasks t SET status = 'leased', attempt = t.attempt + 1, worker_id = %(worker_id)s,
    started_at = clock_timestamp(), updated_at = clock_timestamp(),
    lease_expires_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM chosen WHERE t.id = chosen.id AND chosen.cost_so_far < 1.000001
RETURNING chosen.position, t.id, t.tenant_id, t.kind_id, t.priority, t.ready_seq, t.type, t.params, t.attempt,
    t.failures, t.timeout_seconds, (SELECT count(*) FROM candidate) AS seen
