-- Whether tasks wait in a partition that has no row yet.
SELECT EXISTS (SELECT FROM taskrunner_new_partitions) AS exist
