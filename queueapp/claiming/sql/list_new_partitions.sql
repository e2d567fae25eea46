-- Turn notes of partitions without a row into rows, the oldest notes first; a retired row is taken back into use. One
-- claimer at a time: the others go on with the partitions they know instead of waiting for its commit, and find the new
-- ones when they poll again.
WITH taken AS (
    DELETE FROM taskrunner_new_partitions
    WHERE (SELECT taskrunner_try_lock('partitions'))
        AND id <= (SELECT max(id) FROM (SELECT id FROM taskrunner_new_partitions ORDER BY id LIMIT %(batch)s) AS oldest)
    RETURNING *
)
INSERT INTO taskrunner_partitions (id, queue, type, requirements, opened_by)
SELECT DISTINCT ON (partition_id) partition_id, queue, type, requirements, opened_by FROM taken ORDER BY partition_id, id
ON CONFLICT (id) DO UPDATE SET retired_in = NULL WHERE taskrunner_partitions.retired_in IS NOT NULL
RETURNING id
