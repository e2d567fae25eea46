-- What a worker must hear within a second: which queues are paused, as of which number, and whether it was declared dead or
-- asked to end.
SELECT coalesce(max(pause_seq), 0) AS number,
    coalesce(array_agg(name::text) FILTER (WHERE paused_at IS NOT NULL), '{}') AS queues,
    EXISTS (SELECT FROM taskrunner_workers WHERE id = %(worker_id)s AND stopped_at IS NOT NULL) AS stopped,
    EXISTS (SELECT FROM taskrunner_workers WHERE id = %(worker_id)s AND stop_asked_at IS NOT NULL) AS asked_to_end
FROM taskrunner_queues
