-- Give each partition that tasks wait in a row. In one order, so that two claimers cannot deadlock.
INSERT INTO taskrunner_partitions (id, queue, type, requirements)
SELECT id, queue, type, requirements FROM taskrunner_new_partitions ORDER BY id
ON CONFLICT DO NOTHING
RETURNING id
