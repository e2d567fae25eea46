-- One statement for each named constraint, and the SQLSTATE that it answers: what nobody may write, whoever asks.
-- "owner": only the owner may write there, or take away the other constraint that would speak first.

-- tr_task_status_known 23514
UPDATE taskrunner_tasks SET status = 'paused' WHERE id = %(task)s
-- tr_task_type_format 23514
INSERT INTO taskrunner_tasks (tenant_id, type, queue, status) VALUES (%(acme)s, 'no type', 'default', 'queued')
-- tr_task_priority_range 23514
UPDATE taskrunner_tasks SET priority = 106 WHERE id = %(task)s
-- tr_task_counters_not_negative 23514
UPDATE taskrunner_tasks SET failures = -1 WHERE id = %(task)s
-- tr_task_moments_in_range 23514
UPDATE taskrunner_tasks SET run_at = '290000-01-01' WHERE id = %(task)s
-- tr_task_error_and_progress_formed 23514
UPDATE taskrunner_tasks SET error_detail = '{"traceback": 5}' WHERE id = %(task)s
-- tr_task_timeout_positive 23514
UPDATE taskrunner_tasks SET timeout_seconds = 0 WHERE id = %(task)s
-- tr_task_finished_iff_final 23514
UPDATE taskrunner_tasks SET status = 'cancelled' WHERE id = %(task)s
-- tr_task_leased_iff_lease 23514
UPDATE taskrunner_tasks SET lease_expires_at = now() WHERE id = %(task)s
-- tr_task_id_within_tenant 23505 owner
ALTER TABLE taskrunner_tasks DROP CONSTRAINT taskrunner_tasks_pkey;
INSERT INTO taskrunner_tasks (id, tenant_id, type, queue, status) VALUES (%(task)s, %(acme)s, 'echo', 'default', 'queued')
-- taskrunner_tasks_tenant_id_fk 23503
INSERT INTO taskrunner_tasks (tenant_id, type, queue, status) VALUES (%(nobody)s, 'echo', 'default', 'queued')

-- tr_dedup_key_not_empty 23514
INSERT INTO taskrunner_dedup_keys (tenant_id, queue, key, expires_at, task_id) VALUES (%(acme)s, 'default', '', now(), %(task)s)
-- tr_dedup_key_once 23505
INSERT INTO taskrunner_dedup_keys (tenant_id, queue, key, expires_at, task_id) VALUES (%(acme)s, 'default', 'taken', now(), %(task)s)
-- tr_dedup_key_task_of_tenant 23503
INSERT INTO taskrunner_dedup_keys (tenant_id, queue, key, expires_at, task_id) VALUES (%(globex)s, 'default', 'k', now(), %(task)s)
-- taskrunner_dedup_key_tenant_id_fk 23503 owner
ALTER TABLE taskrunner_dedup_keys DROP CONSTRAINT tr_dedup_key_task_of_tenant;
INSERT INTO taskrunner_dedup_keys (tenant_id, queue, key, expires_at, task_id) VALUES (%(nobody)s, 'default', 'k', now(), %(task)s)

-- task_transition_once 23505 owner
INSERT INTO taskrunner_task_transitions (to_status, who, reason) VALUES ('queued', 'client', 'again')

-- tr_task_count_once 23505
INSERT INTO taskrunner_task_counts (tenant_id, queue, status, tasks) VALUES (%(acme)s, 'q', 'queued', 1), (%(acme)s, 'q', 'queued', 2)
-- taskrunner_task_coun_tenant_id_fk 23503
INSERT INTO taskrunner_task_counts (tenant_id, queue, status, tasks) VALUES (%(nobody)s, 'q', 'queued', 1)
-- tr_task_stat_once 23505
INSERT INTO taskrunner_task_stats (tenant_id, span_seconds, starts_at, queue, type, to_status, moves, wait_seconds, run_seconds)
SELECT %(acme)s::uuid, 60, '2026-01-01', 'q', 'echo', 'queued', n, 0, 0 FROM generate_series(1, 2) AS n
-- taskrunner_task_stat_tenant_id_fk 23503
INSERT INTO taskrunner_task_stats (tenant_id, span_seconds, starts_at, queue, type, to_status, moves, wait_seconds, run_seconds)
VALUES (%(nobody)s, 60, '2026-01-01', 'q', 'echo', 'queued', 1, 0, 0)
-- tr_worker_stat_once 23505
INSERT INTO taskrunner_worker_stats (worker_id, minute, attempts, failures, run_seconds)
SELECT %(acme)s::uuid, '2026-01-01', n, 0, 0 FROM generate_series(1, 2) AS n

-- tr_error_group_once 23505
INSERT INTO taskrunner_error_groups (tenant_id, fingerprint, type, code, title, exception_class, failures, first_seen,
    last_seen, first_release, last_release, sample_task_id, sample_attempt)
SELECT %(acme)s::uuid, 'f', '', '', '', '', 1, now(), now(), '', '', %(task)s::uuid, n FROM generate_series(1, 2) AS n
-- tr_error_group_state_known 23514
INSERT INTO taskrunner_error_groups (tenant_id, fingerprint, type, code, title, exception_class, failures, first_seen,
    last_seen, first_release, last_release, sample_task_id, sample_attempt, state)
VALUES (%(acme)s, 'f', '', '', '', '', 1, now(), now(), '', '', %(task)s, 1, 'forgotten')
-- taskrunner_error_gro_tenant_id_fk 23503
INSERT INTO taskrunner_error_groups (tenant_id, fingerprint, type, code, title, exception_class, failures, first_seen,
    last_seen, first_release, last_release, sample_task_id, sample_attempt)
VALUES (%(nobody)s, 'f', '', '', '', '', 1, now(), now(), '', '', %(task)s, 1)
-- tr_error_stat_once 23505
INSERT INTO taskrunner_error_stats (tenant_id, fingerprint, span_seconds, starts_at, failures)
SELECT %(acme)s::uuid, 'f', 300, '2026-01-01', n FROM generate_series(1, 2) AS n
-- taskrunner_error_sta_tenant_id_fk 23503
INSERT INTO taskrunner_error_stats (tenant_id, fingerprint, span_seconds, starts_at, failures)
VALUES (%(nobody)s, 'f', 300, '2026-01-01', 1)

-- tr_schedule_moments_in_range 23514
INSERT INTO taskrunner_schedules (tenant_id, name, type, once_at) VALUES (%(acme)s, 'x', 'echo', '290000-01-01')
-- tr_schedule_id_within_tenant 23505 owner
ALTER TABLE taskrunner_schedules DROP CONSTRAINT taskrunner_schedules_pkey;
INSERT INTO taskrunner_schedules (id, tenant_id, name, type, every_seconds) VALUES (%(schedule)s, %(acme)s, 'b', 'echo', 1)
-- tr_schedule_name_once 23505
INSERT INTO taskrunner_schedules (tenant_id, name, type, every_seconds) VALUES (%(acme)s, 'taken', 'echo', 1)
-- tr_schedule_name_format 23514
UPDATE taskrunner_schedules SET name = 'no name'
-- tr_schedule_type_format 23514
UPDATE taskrunner_schedules SET type = 'no type'
-- tr_schedule_has_one_timing 23514
UPDATE taskrunner_schedules SET cron = '* * * * *'
-- tr_schedule_interval_range 23514
UPDATE taskrunner_schedules SET every_seconds = 0
-- tr_schedule_missed_known 23514
UPDATE taskrunner_schedules SET missed = 'some'
-- tr_schedule_overlap_known 23514
UPDATE taskrunner_schedules SET overlap = 'some'
-- tr_schedule_next_slot_undecided 23514
UPDATE taskrunner_schedules SET next_slot_at = decided_until
-- taskrunner_schedules_tenant_id_fk 23503
INSERT INTO taskrunner_schedules (tenant_id, name, type, every_seconds) VALUES (%(nobody)s, 'b', 'echo', 1)

-- tr_slot_once 23505
INSERT INTO taskrunner_schedule_slots (tenant_id, schedule_id, slot_at, outcome) VALUES (%(acme)s, %(schedule)s, '2030-01-01', 'refused')
-- tr_slot_outcome_known 23514
UPDATE taskrunner_schedule_slots SET outcome = 'perhaps'
-- tr_slot_task_iff_fired 23514
UPDATE taskrunner_schedule_slots SET outcome = 'fired'
-- tr_slot_span_iff_missed 23514
UPDATE taskrunner_schedule_slots SET skipped_until = slot_at
-- tr_slot_schedule_of_tenant 23503
INSERT INTO taskrunner_schedule_slots (tenant_id, schedule_id, slot_at, outcome) VALUES (%(globex)s, %(schedule)s, now(), 'refused')
-- taskrunner_schedule__tenant_id_fk 23503 owner
ALTER TABLE taskrunner_schedule_slots DROP CONSTRAINT tr_slot_schedule_of_tenant;
INSERT INTO taskrunner_schedule_slots (tenant_id, schedule_id, slot_at, outcome) VALUES (%(nobody)s, %(schedule)s, now(), 'refused')

-- tr_task_type_once 23505
INSERT INTO taskrunner_task_types (tenant_id, type, queue, params_schema, timeout_seconds, max_retries, retry_base_seconds)
VALUES (%(acme)s, 'taken', 'default', '{}', 1, 0, 1)
-- tr_task_type_format_of_declared 23514
INSERT INTO taskrunner_task_types (tenant_id, type, queue, params_schema, timeout_seconds, max_retries, retry_base_seconds)
VALUES (%(acme)s, 'no type', 'default', '{}', 1, 0, 1)
-- tr_task_type_figures 23514
INSERT INTO taskrunner_task_types (tenant_id, type, queue, params_schema, timeout_seconds, max_retries, retry_base_seconds)
VALUES (%(acme)s, 'x', 'default', '{}', 0, 0, 1)
-- taskrunner_task_type_tenant_id_fk 23503
INSERT INTO taskrunner_task_types (tenant_id, type, queue, params_schema, timeout_seconds, max_retries, retry_base_seconds)
VALUES (%(nobody)s, 'x', 'default', '{}', 1, 0, 1)

-- tr_api_key_role_known 23514
INSERT INTO taskrunner_api_keys (tenant_id, name, role, prefix, digest, scopes, capabilities)
VALUES (%(acme)s, '', 'king', 'prefix', repeat('0', 64), '{}', '{}')
-- tr_api_key_digest_format 23514
INSERT INTO taskrunner_api_keys (tenant_id, name, role, prefix, digest, scopes, capabilities)
VALUES (%(acme)s, '', 'client', 'prefix', 'no digest', '{}', '{}')
-- taskrunner_api_keys_prefix_key 23505
INSERT INTO taskrunner_api_keys (tenant_id, name, role, prefix, digest, scopes, capabilities)
VALUES (%(acme)s, '', 'client', 'taken', repeat('0', 64), '{}', '{}')
-- taskrunner_api_keys_tenant_id_fk 23503
INSERT INTO taskrunner_api_keys (tenant_id, name, role, prefix, digest, scopes, capabilities)
VALUES (%(nobody)s, '', 'client', 'prefix', repeat('0', 64), '{}', '{}')

-- tr_idempotency_key_once 23505
INSERT INTO taskrunner_idempotency_keys (tenant_id, key, digest, expires_at, answer)
VALUES (%(acme)s, 'taken', repeat('0', 64), now(), '{}')
-- tr_idempotency_key_not_empty 23514
INSERT INTO taskrunner_idempotency_keys (tenant_id, key, digest, expires_at, answer)
VALUES (%(acme)s, '', repeat('0', 64), now(), '{}')
-- tr_idempotency_digest_format 23514
INSERT INTO taskrunner_idempotency_keys (tenant_id, key, digest, expires_at, answer) VALUES (%(acme)s, 'k', 'no digest', now(), '{}')
-- taskrunner_idempoten_tenant_id_fk 23503
INSERT INTO taskrunner_idempotency_keys (tenant_id, key, digest, expires_at, answer)
VALUES (%(nobody)s, 'k', repeat('0', 64), now(), '{}')

-- tr_membership_role_known 23514
INSERT INTO taskrunner_memberships (tenant_id, user_id, sees_payloads, role) VALUES (%(globex)s, %(user)s, false, 'king')
-- tr_membership_once_per_user 23505
INSERT INTO taskrunner_memberships (tenant_id, user_id, sees_payloads, role) VALUES (%(acme)s, %(user)s, false, 'viewer')
-- taskrunner_membershi_tenant_id_fk 23503
INSERT INTO taskrunner_memberships (tenant_id, user_id, sees_payloads, role) VALUES (%(nobody)s, %(user)s, false, 'viewer')
-- tr_membership_goes_with_user 23503
INSERT INTO taskrunner_memberships (tenant_id, user_id, sees_payloads, role) VALUES (%(globex)s, 0, false, 'viewer')

-- tr_tenant_is_not_nil 23514
INSERT INTO taskrunner_tenants (id, slug, name, active, limits, created_at)
VALUES ('00000000-0000-0000-0000-000000000000', 'nil', 'Nil', true, '{}', now())
-- tr_tenant_slug_format 23514
INSERT INTO taskrunner_tenants (slug, name, active, limits, created_at) VALUES ('No Slug', 'x', true, '{}', now())
-- tr_tenant_slug_not_reserved 23514
INSERT INTO taskrunner_tenants (slug, name, active, limits, created_at) VALUES ('admin', 'x', true, '{}', now())
-- taskrunner_tenants_slug_key 23505
INSERT INTO taskrunner_tenants (slug, name, active, limits, created_at) VALUES ('acme', 'x', true, '{}', now())

-- tr_queue_name_format 23514
INSERT INTO taskrunner_queues (name, strategy, created_at) VALUES ('No Queue', 'fifo', now())
-- tr_queue_strategy_known 23514
INSERT INTO taskrunner_queues (name, strategy, created_at) VALUES ('q', 'astrology', now())
-- tr_queue_pause_described_while_paused 23514
INSERT INTO taskrunner_queues (name, strategy, paused_until, created_at) VALUES ('q', 'fifo', now(), now())
-- taskrunner_queues_name_key 23505
INSERT INTO taskrunner_queues (name, strategy, created_at) VALUES ('default', 'fifo', now())
-- taskrunner_routes_pattern_key 23505
INSERT INTO taskrunner_routes (pattern, queue) VALUES ('taken.*', 'default')
-- taskrunner_routes_queue_fk 23503
INSERT INTO taskrunner_routes (pattern, queue) VALUES ('x.*', 'nowhere')

-- tr_artifact_type_format 23514
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(acme)s, %(task)s, 0, 'no type', 'text/plain', 0, repeat('0', 64), '{}')
-- tr_artifact_content_type_format 23514
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(acme)s, %(task)s, 0, 'x', 'text', 0, repeat('0', 64), '{}')
-- tr_artifact_sha256_format 23514
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(acme)s, %(task)s, 0, 'x', 'text/plain', 0, 'x', '{}')
-- tr_artifact_figures_not_negative 23514
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(acme)s, %(task)s, 0, 'x', 'text/plain', -1, repeat('0', 64), '{}')
-- tr_artifact_metadata_bounded 23514
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(acme)s, %(task)s, 0, 'x', 'text/plain', 0, repeat('0', 64), jsonb_build_object('x', repeat('x', 2000000)))
-- tr_artifact_task_of_tenant 23503
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(globex)s, %(task)s, 0, 'x', 'text/plain', 0, repeat('0', 64), '{}')
-- taskrunner_artifacts_tenant_id_fk 23503 owner
ALTER TABLE taskrunner_artifacts DROP CONSTRAINT tr_artifact_task_of_tenant;
INSERT INTO taskrunner_artifacts (tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata)
VALUES (%(nobody)s, %(task)s, 0, 'x', 'text/plain', 0, repeat('0', 64), '{}')
-- taskrunner_pending_o_tenant_id_fk 23503
INSERT INTO taskrunner_pending_objects (tenant_id, task_id, due_at) VALUES (%(nobody)s, %(task)s, now())

-- tr_run_id_within_tenant 23505 owner
ALTER TABLE taskrunner_runs DROP CONSTRAINT taskrunner_runs_pkey;
INSERT INTO taskrunner_runs (id, tenant_id, task_id, attempt, run_key) VALUES (%(run)s, %(acme)s, %(task)s, 2, 'k')
-- tr_run_once_an_attempt 23505
INSERT INTO taskrunner_runs (tenant_id, task_id, attempt, run_key) VALUES (%(acme)s, %(task)s, 1, 'k')
-- tr_run_key_not_empty 23514
UPDATE taskrunner_runs SET run_key = ''
-- tr_run_status_known 23514
UPDATE taskrunner_runs SET status = 'paused', finished_at = now()
-- tr_run_finished_iff_ended 23514
UPDATE taskrunner_runs SET status = 'completed'
-- tr_run_task_of_tenant 23503
INSERT INTO taskrunner_runs (tenant_id, task_id, attempt, run_key) VALUES (%(globex)s, %(task)s, 1, 'k')
-- taskrunner_runs_tenant_id_fk 23503 owner
ALTER TABLE taskrunner_runs DROP CONSTRAINT tr_run_task_of_tenant;
INSERT INTO taskrunner_runs (tenant_id, task_id, attempt, run_key) VALUES (%(nobody)s, %(task)s, 1, 'k')
-- tr_run_metric_has_a_name 23514
INSERT INTO taskrunner_run_metrics (tenant_id, run_id, task_id, name, value) VALUES (%(acme)s, %(run)s, %(task)s, '', '1')
-- tr_run_metric_task_of_tenant 23503
INSERT INTO taskrunner_run_metrics (tenant_id, run_id, task_id, name, value) VALUES (%(acme)s, NULL, %(nobody)s, 'n', '1')
-- tr_run_metric_run_of_tenant 23503
INSERT INTO taskrunner_run_metrics (tenant_id, run_id, task_id, name, value) VALUES (%(acme)s, %(nobody)s, %(task)s, 'n', '1')
-- taskrunner_run_metri_tenant_id_fk 23503 owner
ALTER TABLE taskrunner_run_metrics DROP CONSTRAINT tr_run_metric_task_of_tenant;
INSERT INTO taskrunner_run_metrics (tenant_id, run_id, task_id, name, value) VALUES (%(nobody)s, NULL, %(task)s, 'n', '1')
-- tr_run_note_has_a_type 23514
INSERT INTO taskrunner_run_notes (tenant_id, run_id, task_id, type, content) VALUES (%(acme)s, %(run)s, %(task)s, '', 'x')
-- tr_run_note_task_of_tenant 23503
INSERT INTO taskrunner_run_notes (tenant_id, run_id, task_id, type, content) VALUES (%(acme)s, NULL, %(nobody)s, 't', 'x')
-- tr_run_note_run_of_tenant 23503
INSERT INTO taskrunner_run_notes (tenant_id, run_id, task_id, type, content) VALUES (%(acme)s, %(nobody)s, %(task)s, 't', 'x')
-- taskrunner_run_notes_tenant_id_fk 23503 owner
ALTER TABLE taskrunner_run_notes DROP CONSTRAINT tr_run_note_task_of_tenant;
INSERT INTO taskrunner_run_notes (tenant_id, run_id, task_id, type, content) VALUES (%(nobody)s, NULL, %(task)s, 't', 'x')

-- tr_partition_id_stands_for_it 23514
INSERT INTO taskrunner_partitions (id, queue, type, requirements) VALUES (1, 'default', 'echo', '{}')

-- tr_tenant_limits_are_an_object 23514
UPDATE taskrunner_tenants SET limits = '[]' WHERE id = %(acme)s
-- tr_tenant_lowered_limits_are_an_object 23514
UPDATE taskrunner_tenants SET lowered_limits = '[]' WHERE id = %(acme)s
