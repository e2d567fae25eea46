-- The workers that have not confirmed the pause of a queue.
SELECT found.id FROM taskrunner_queues q CROSS JOIN LATERAL (
-- include: unconfirmed_workers.sql
) AS found
WHERE q.name = %(queue)s
