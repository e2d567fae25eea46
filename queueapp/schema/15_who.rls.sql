-- Who is moving: the role that the scope took on; the system is an operator whose actor says so. 'sql' is a login
-- without a scope.
CREATE OR REPLACE FUNCTION taskrunner_who() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE current_setting('role')
        WHEN '{{client}}' THEN 'client'
        WHEN '{{worker}}' THEN 'worker'
        WHEN '{{operator}}' THEN
            CASE WHEN starts_with(current_setting('taskrunner.actor', true), 'system:')
                THEN 'system' ELSE 'operator' END
        ELSE 'sql'
    END
$$;
