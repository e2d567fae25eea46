-- Who is moving: as the actor of the transaction begins; 'sql' where there is none.
CREATE FUNCTION taskrunner_who() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE split_part(current_setting('taskrunner.actor', true), ':', 1)
        WHEN 'client' THEN 'client'
        WHEN 'worker' THEN 'worker'
        WHEN 'operator' THEN 'operator'
        WHEN 'system' THEN 'system'
        ELSE 'sql'
    END
$$;
