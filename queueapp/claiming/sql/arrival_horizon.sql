-- The last number that a task drew when it became ready, the oldest transaction that still runs, and the id that the
-- next one will get. A transaction without an id has written nothing, so a reader's snapshot does not count.
SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS drawn,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_running,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_id
FROM taskrunner_ready_seq
