-- What a worker must hear within a second: which queues are paused, as of which number, and whether it was declared dead.
SELECT coalesce(max(pause_seq), 0) AS number,
    coalesce(array_agg(name::text) FILTER (WHERE paused_at IS NOT NULL), '{}') AS queues,
    EXISTS (SELECT FROM taskrunner_workers WHERE id = %(worker_id)s AND stopped_at IS NOT NULL) AS stopped
FROM taskrunner_queues
