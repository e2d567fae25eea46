-- Kinds of failures seen since a moment, over all tenants that the scope shows, the most frequent first, each with its
-- failures by span. One kind alone is found whenever it was seen.
WITH kept AS MATERIALIZED (
    SELECT * FROM taskrunner_error_groups
    WHERE (last_seen >= %(since)s OR fingerprint = %(fingerprint)s)
        AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s)
        AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
        AND (%(state)s::text IS NULL OR state = %(state)s)
        -- `X.*` matches every type below X, `*` all (type_patterns.py)
        AND (%(type_pattern)s IN ('*', type)
            OR %(type_pattern)s LIKE '%%.*' AND starts_with(type, left(%(type_pattern)s, -1)))
), counted AS MATERIALIZED (
    SELECT s.fingerprint, s.starts_at, sum(s.failures)::bigint AS failures
    FROM kept JOIN taskrunner_error_stats s
        ON s.tenant_id = kept.tenant_id AND s.fingerprint = kept.fingerprint
            AND s.span_seconds = %(span_seconds)s AND s.starts_at >= %(since)s
    GROUP BY s.fingerprint, s.starts_at
), series AS (
    SELECT fingerprint, sum(failures)::bigint AS failures,
        jsonb_object_agg(extract(epoch FROM starts_at)::bigint, failures) AS series
    FROM counted GROUP BY fingerprint
), kinds AS (
    SELECT fingerprint, min(type) AS type, min(code) AS code, min(title) AS title,
        min(exception_class) AS exception_class, min(first_seen) AS first_seen, max(last_seen) AS last_seen,
        (array_agg(first_release ORDER BY first_seen))[1] AS first_release,
        (array_agg(last_release ORDER BY last_seen DESC))[1] AS last_release,
        count(*)::integer AS tenants,
        CASE WHEN bool_or(state = 'open') THEN 'open' WHEN bool_or(state = 'ignored') THEN 'ignored' ELSE 'resolved'
            END AS state
    FROM kept GROUP BY fingerprint
)
SELECT k.*, coalesce(s.failures, 0) AS failures, s.series
FROM kinds k LEFT JOIN series s USING (fingerprint)
ORDER BY coalesce(s.failures, 0) DESC, k.last_seen DESC, k.fingerprint LIMIT %(limit)s
