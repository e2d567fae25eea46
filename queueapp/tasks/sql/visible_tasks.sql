-- Tasks by their ids, of one tenant or of any: plain SQL, because the ORM takes longer to write this than to run it.
SELECT t.*, n.slug AS tenant_slug, ARRAY(
    SELECT a.id FROM taskrunner_artifacts a WHERE a.task_id = t.id AND a.tenant_id = t.tenant_id ORDER BY a.id LIMIT 200
) AS artifact_ids
FROM taskrunner_tasks t JOIN taskrunner_tenants n ON n.id = t.tenant_id
WHERE t.id = ANY (%(ids)s) AND (%(tenant_id)s::uuid IS NULL OR t.tenant_id = %(tenant_id)s)
