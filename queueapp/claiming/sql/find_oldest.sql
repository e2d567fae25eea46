-- Where lanes begin: the oldest queued task of each kind and priority, after the number up to which nothing can be.
SELECT lane.kind_id, lane.priority, (
    SELECT t.ready_seq FROM tasks t
    WHERE t.kind_id = lane.kind_id AND t.priority = lane.priority AND t.status = 'queued' AND t.ready_seq > lane.after
    ORDER BY t.ready_seq LIMIT 1) AS ready_seq
FROM unnest(%(kinds)s::integer[], %(priorities)s::smallint[], %(after)s::bigint[]) AS lane (kind_id, priority, after)
