-- Retire partitions in which nothing is queued nor was submitted lately, and delete those that were retired before
-- the transaction `fence` and are idle still; of the batch of rows that follow `after`. Why in two steps, and why no task is
-- forgotten: schema/22_partitions.sql.
WITH read AS MATERIALIZED (
    SELECT id FROM taskrunner_partitions WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
), idle AS MATERIALIZED (
    SELECT id FROM read
    WHERE NOT EXISTS (SELECT FROM taskrunner_tasks t WHERE t.partition_id = read.id AND t.status = 'queued')
        AND NOT EXISTS (
            SELECT FROM taskrunner_tasks t WHERE t.partition_id = read.id
                AND t.created_at > taskrunner_now() - make_interval(secs => %(idle_seconds)s))
), retired AS (
    UPDATE taskrunner_partitions p SET retired_in = pg_current_xact_id()::text::bigint
    FROM idle WHERE p.id = idle.id AND p.retired_in IS NULL
), deleted AS (
    DELETE FROM taskrunner_partitions p USING idle
    WHERE p.id = idle.id AND p.retired_in < %(fence)s
        AND pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %(fence)s
    RETURNING p.id
)
SELECT (SELECT count(*) FROM read) AS read, (SELECT max(id) FROM read) AS last_id,
    (SELECT count(*) FROM deleted) AS deleted, pg_current_xact_id()::text::bigint AS transaction_id
