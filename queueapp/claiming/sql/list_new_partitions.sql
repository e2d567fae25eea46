-- Give each partition that tasks wait in a row. One claimer at a time: the others go on with the partitions they know
-- instead of waiting for its commit, and find the new ones when they poll again.
INSERT INTO taskrunner_partitions (id, queue, type, requirements)
SELECT id, queue, type, requirements FROM taskrunner_new_partitions
WHERE (SELECT taskrunner_try_lock('list new partitions'))
ON CONFLICT DO NOTHING
RETURNING id
