-- What became of slots; returns those that were not decided before, by whoever it was.
INSERT INTO taskrunner_schedule_slots (tenant_id, schedule_id, slot_at, skipped_until, outcome, task_id, reason)
SELECT %(tenant_id)s::uuid, %(schedule_id)s::uuid, slot_at, skipped_until, outcome, task_id, coalesce(reason, '')
FROM jsonb_to_recordset(%(slots)s::jsonb) AS r (
    slot_at timestamptz, skipped_until timestamptz, outcome text, task_id uuid, reason text)
ON CONFLICT (tenant_id, schedule_id, slot_at) DO NOTHING
RETURNING slot_at
