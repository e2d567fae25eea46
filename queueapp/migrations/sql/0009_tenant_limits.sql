-- The same as queueapp/limits/tenant_limits.py, so that what reads a tenant's limits can rely on them; a test compares.
CREATE FUNCTION taskrunner_is_whole_number(value jsonb, low bigint, high bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN value IS NULL THEN true
        WHEN jsonb_typeof(value) = 'number' THEN
            value::numeric BETWEEN low AND high AND value::numeric % 1 = 0
        ELSE false
    END
$$;
CREATE FUNCTION taskrunner_is_list_of(value jsonb, pattern text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN value IS NULL THEN true
        WHEN jsonb_typeof(value) = 'array' THEN NOT EXISTS (
            SELECT FROM jsonb_array_elements(value) AS item
            WHERE jsonb_typeof(item) <> 'string' OR (item #>> '{}') !~ pattern)
        ELSE false
    END
$$;
ALTER TABLE taskrunner_tenants ADD CONSTRAINT tenant_limits_known CHECK (
    jsonb_typeof(limits) = 'object'
    AND limits - ARRAY['task_max_runtime_seconds', 'task_max_artifact_mb', 'tasks_per_minute', 'max_batch_size',
        'search_source_allowlist', 'search_max_results', 'fetch_domain_allowlist', 'allowed_types'] = '{}'
    AND taskrunner_is_whole_number(limits -> 'task_max_runtime_seconds', 1, 86400)
    AND taskrunner_is_whole_number(limits -> 'task_max_artifact_mb', 1, 1024)
    AND (limits -> 'tasks_per_minute' = 'null' OR taskrunner_is_whole_number(limits -> 'tasks_per_minute', 0, 1000000))
    AND taskrunner_is_whole_number(limits -> 'max_batch_size', 1, 1000)
    AND taskrunner_is_whole_number(limits -> 'search_max_results', 1, 20)
    AND taskrunner_is_list_of(limits -> 'search_source_allowlist', '^[a-z0-9][a-z0-9_-]*$')
    AND taskrunner_is_list_of(limits -> 'fetch_domain_allowlist', '^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$')
    AND taskrunner_is_list_of(limits -> 'allowed_types', '^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$'));
