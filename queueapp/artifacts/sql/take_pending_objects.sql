-- Take objects that nobody has claimed in time. Should the sweep die before it has deleted them, they are due again later.
UPDATE taskrunner_pending_objects u SET taken_at = taskrunner_now(), due_at = taskrunner_now() + make_interval(secs => %(again_seconds)s)
WHERE u.id IN (
    SELECT id FROM taskrunner_pending_objects WHERE due_at < taskrunner_now() ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
)
RETURNING u.id, u.object_key
