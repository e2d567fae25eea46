-- Take an idempotency key for a request. A request under way with the same key is waited for. No row: it is taken.
INSERT INTO taskrunner_idempotency_keys (tenant_id, key, digest, answer, expires_at)
VALUES (%(tenant_id)s, %(key)s, %(digest)s, '{}', taskrunner_now() + make_interval(secs => %(kept_seconds)s))
ON CONFLICT (tenant_id, key) DO UPDATE SET digest = excluded.digest, task_id = NULL, answer = excluded.answer,
    created_at = taskrunner_now(), expires_at = excluded.expires_at
WHERE taskrunner_idempotency_keys.expires_at < taskrunner_now()
RETURNING id
