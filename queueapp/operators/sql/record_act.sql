-- A row of what people did. Clients may add such rows of their own tenant and read none, so nothing of it is returned.
WITH added AS (
    INSERT INTO taskrunner_operator_actions (tenant_id, actor, action, target, detail)
    VALUES (%(tenant_id)s::uuid, %(actor)s, %(action)s, %(target)s, %(detail)s::jsonb)
)
SELECT 1
