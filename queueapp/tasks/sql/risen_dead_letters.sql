-- The types of which more became dead letters in the last hour than `times` what they had in a mean hour of the day before.
SELECT type, lately, usual FROM (
    SELECT type, coalesce(sum(moves) FILTER (WHERE starts_at > taskrunner_now() - interval '1 hour'), 0)::bigint AS lately,
        coalesce(sum(moves) FILTER (WHERE starts_at <= taskrunner_now() - interval '1 hour'), 0)::double precision / 24 AS usual
    FROM taskrunner_task_stats
    WHERE span_seconds = 60 AND to_status = 'dead_letter' AND starts_at > taskrunner_now() - interval '25 hours'
        AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s::uuid)
    GROUP BY type) AS counted
WHERE lately >= %(least)s::bigint AND lately > usual * %(times)s::double precision
ORDER BY lately DESC LIMIT %(limit)s
