-- What an idle worker asks once a second, in one statement: the queues, the last number of a partition, whether there are
-- partitions without a row, whether it was declared dead or asked to end, and how far the numbers and the transactions are.
-- `drawn` is the last number that a task drew when it became ready; `oldest_running` is the oldest transaction that still
-- runs. A transaction without an id has written nothing, so a reader's snapshot does not count. Where a new number is to be
-- awaited, this transaction takes an id: all that others were given before are below it. A snapshot does not tell: it knows
-- the ids up to that of the last transaction that ended.
SELECT (SELECT coalesce(json_agg(json_build_array(name, strategy, paused_at IS NOT NULL, pause_seq) ORDER BY name), '[]')
        FROM taskrunner_queues) AS queues,
    (SELECT coalesce(max(number), 0) FROM taskrunner_partitions) AS last_partition,
    EXISTS (SELECT FROM taskrunner_new_partitions) AS has_new_partitions,
    own.stopped_at IS NOT NULL AS is_stopped, own.stop_asked_at IS NOT NULL AS is_asked_to_end,
    CASE WHEN is_called THEN last_value ELSE 0 END AS drawn,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_running,
    CASE WHEN %(is_more)s AND pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %(awaited_id)s
        THEN pg_current_xact_id()::text::bigint END AS own_id
FROM taskrunner_ready_seq LEFT JOIN taskrunner_workers own ON own.id = %(worker_id)s
