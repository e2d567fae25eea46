-- A row of what people did, of one tenant, which reads it too.
WITH added AS (
    INSERT INTO taskrunner_operator_actions (tenant_id, actor, action, target, detail)
    VALUES (%(tenant_id)s::uuid, %(actor)s, %(action)s, %(target)s, %(detail)s::jsonb)
)
SELECT 1
