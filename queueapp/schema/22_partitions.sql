-- Partitions: their rows, and the notes of those that have none. Whoever makes a task ready and finds no row for its
-- partition leaves a note, in its own transaction: to make the row there would block every other first submit until it
-- ends. Claimers turn notes into rows (claiming/sql/list_new_partitions.sql).
--
-- Rows go again (maintenance/sql/prune_partitions.sql), and no submit may rely on one that is just going. So a row is retired
-- first, and noted anew by all who find it so. It is deleted when every transaction has ended that may have found it
-- otherwise: those whose ids were given out before an id that was drawn when the retirement was committed. Maintenance
-- holds its lock to the end of its transaction, so no two retire at once, and a transaction has its id before it looks
-- (20_tasks.sql). One under REPEATABLE READ may look at an older state than that; what it makes ready is found by
-- maintenance, within a minute (maintenance/sql/list_lost_partitions.sql).

-- Rows commit one after the other and are numbered in that order.
CREATE SEQUENCE taskrunner_partition_seq;
CREATE FUNCTION taskrunner_partitions_number() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
BEGIN
    PERFORM taskrunner_lock_partitions();
    NEW.number := nextval('taskrunner_partition_seq');
    RETURN NEW;
END
$$;
CREATE TRIGGER taskrunner_partitions_number BEFORE INSERT ON taskrunner_partitions
    FOR EACH ROW EXECUTE FUNCTION taskrunner_partitions_number();

-- Nor may a row of partitions say anything else than its id stands for.
ALTER TABLE taskrunner_partitions ADD CONSTRAINT tr_partition_id_stands_for_it
    CHECK (id = taskrunner_partition_id(queue, type, requirements));
