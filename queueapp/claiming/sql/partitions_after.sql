-- The partitions that were added after a number, in the order they were, up to so many. From the first on where that
-- number is beyond the last: that one was deleted, or this is another database than before.
SELECT number, id, queue, type, requirements FROM taskrunner_partitions
WHERE number > CASE WHEN (SELECT max(number) FROM taskrunner_partitions) < %(after)s THEN 0 ELSE %(after)s END
ORDER BY number LIMIT %(page)s
