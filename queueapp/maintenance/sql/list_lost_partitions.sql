-- Give a row to partitions of queued tasks that have neither row nor note: of restored tables, of rows deleted by hand, of a
-- submit that looked at an old state (schema/22_partitions.sql). Looked for between the ids of the batch of rows that
-- follow `after`, from one to the next through the index of queued tasks, so that what waits in listed ones costs nothing.
WITH RECURSIVE read AS MATERIALIZED (
    SELECT id FROM taskrunner_partitions WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
), gap AS MATERIALIZED (
    SELECT lag(id, 1, %(after)s) OVER (ORDER BY id) AS after, id AS before FROM read
    UNION ALL
    SELECT coalesce(max(id), %(after)s), 9223372036854775807 FROM read HAVING count(*) < %(batch)s
), found AS (
    SELECT next.*, gap.before FROM gap CROSS JOIN LATERAL (
        SELECT t.partition_id AS id, t.queue, t.type, t.requirements FROM taskrunner_tasks t
        WHERE t.status = 'queued' AND t.partition_id > gap.after AND t.partition_id < gap.before
        ORDER BY t.partition_id LIMIT 1) AS next
    UNION ALL
    SELECT next.*, found.before FROM found CROSS JOIN LATERAL (
        SELECT t.partition_id AS id, t.queue, t.type, t.requirements FROM taskrunner_tasks t
        WHERE t.status = 'queued' AND t.partition_id > found.id AND t.partition_id < found.before
        ORDER BY t.partition_id LIMIT 1) AS next
), added AS (
    INSERT INTO taskrunner_partitions (id, queue, type, requirements)
    SELECT id, queue, type, requirements FROM found
    WHERE (SELECT taskrunner_try_lock('partitions'))
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM read) AS read, (SELECT max(id) FROM read) AS last_id, (SELECT count(*) FROM added) AS added
