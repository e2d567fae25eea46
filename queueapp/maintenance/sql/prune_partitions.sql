-- Delete partitions that have no task any more. Those that have some are found from one to the next through the index.
-- A task that is being submitted meanwhile is not seen: its partition is listed anew, by the claimer that misses it.
DELETE FROM taskrunner_partitions WHERE id NOT IN (SELECT id FROM taskrunner_used_partitions)
RETURNING id
