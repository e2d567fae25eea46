-- Count failures in their groups, and in the spans of five minutes and of an hour that they fell into.
--
-- An ignored group is open again once as many failures were counted as it was ignored for, a resolved one once it is
-- seen in another release than before, or where releases have no names, at all.
WITH counted AS (
    INSERT INTO taskrunner_error_stats (tenant_id, fingerprint, span_seconds, starts_at, failures)
    SELECT s.tenant_id, s.fingerprint, span.seconds,
        date_bin(make_interval(secs => span.seconds), s.slot, 'epoch') AS starts_at, sum(s.failures)
    FROM json_to_recordset(%(slots)s) AS s (tenant_id uuid, fingerprint text, slot timestamptz, failures bigint)
    CROSS JOIN (VALUES (300), (3600)) AS span (seconds)
    GROUP BY s.tenant_id, s.fingerprint, span.seconds, 4
    ON CONFLICT (tenant_id, fingerprint, span_seconds, starts_at) DO UPDATE
        SET failures = taskrunner_error_stats.failures + excluded.failures
)
INSERT INTO taskrunner_error_groups AS kept (tenant_id, fingerprint, type, code, title, exception_class, failures,
    first_seen, last_seen, first_release, last_release, sample_task_id, sample_attempt)
SELECT tenant_id, fingerprint, type, coalesce(code, ''), coalesce(title, %(other)s),
    coalesce(exception_class, ''), failures, first_seen, last_seen, first_release, last_release, sample_task_id,
    sample_attempt
FROM json_to_recordset(%(groups)s) AS g (tenant_id uuid, fingerprint text, type text, code text, title text,
    exception_class text, failures bigint, first_seen timestamptz, last_seen timestamptz, first_release text,
    last_release text, sample_task_id uuid, sample_attempt integer)
ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET failures = kept.failures + excluded.failures,
    last_seen = greatest(kept.last_seen, excluded.last_seen), last_release = excluded.last_release,
    sample_task_id = excluded.sample_task_id, sample_attempt = excluded.sample_attempt,
    state = CASE
        WHEN kept.state = 'ignored' AND kept.failures + excluded.failures >= kept.ignored_until THEN 'open'
        WHEN kept.state = 'resolved' AND excluded.last_seen > kept.changed_at
            AND (excluded.last_release = '' OR excluded.last_release <> kept.last_release) THEN 'open'
        ELSE kept.state END
RETURNING tenant_id
