"""Faults to plant, one at a time: where, what instead of what, why it matters, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutation:
    name: str
    file: str
    old: str
    new: str
    why: str
    tests: tuple[str, ...]
    noticed_as: str = "FAILED"  # what pytest then says

    def applied_to(self, text: str) -> str:
        """Raises ValueError unless the old text is there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} holds the old text {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)


MUTATIONS = [
    Mutation(
        "force-forgotten",
        "queueapp/db/operations.py",
        "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "ENABLE ROW LEVEL SECURITY",
        "the owner of the tables would see every tenant's tasks",
        ("tests/tenancy/test_catalogue.py", "tests/tenancy/test_raw_sql.py"),
    ),
    Mutation(
        "policy-without-tenant",
        "queueapp/schema/rights.py",
        'TenantPolicies("taskrunner_task_logs", client="SELECT", operator',
        'TenantPolicies("taskrunner_task_logs", client="SELECT", client_rows="true", operator',
        "a client would read every tenant's story",
        ("tests/tenancy/test_raw_sql.py",),
    ),
    Mutation(
        "worker-sees-all",
        "queueapp/schema/rights.py",
        "worker_rows=CLAIMABLE",
        'worker_rows="true"',
        "a worker would read what other workers hold and what has ended",
        ("tests/tenancy/test_raw_sql.py",),
    ),
    Mutation(
        "records-can-be-rewritten",
        "queueapp/schema/rights.py",
        'TenantPolicies("taskrunner_security_events", client="INSERT", operator="SELECT, INSERT"',
        'TenantPolicies("taskrunner_security_events", client="INSERT", operator=ALL',
        "an operator could hide what was refused",
        ("tests/tenancy/test_raw_sql.py",),
    ),
    Mutation(
        "view-of-the-owners",
        "queueapp/schema/60_views.sql",
        "CREATE VIEW worker_inbox WITH (security_invoker = true) AS",
        "CREATE VIEW worker_inbox AS",
        "a view would be read with the rights of its owner",
        ("tests/tenancy/test_catalogue.py",),
    ),
    Mutation(
        "inheriting-grant",
        "queueapp/db/roles.py",
        "GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE;",
        "GRANT {role} TO {login} WITH INHERIT TRUE, SET TRUE;",
        "the app's login would see every tenant without a scope",
        ("tests/tenancy/test_catalogue.py",),
        "by inheritance",
    ),
    Mutation(
        "superuser-accepted",
        "queueapp/tenancy/logins.py",
        '        return ["it is a superuser"]\n',
        "        return []\n",
        "row-level security does not bind a superuser",
        ("tests/tenancy/test_boot.py",),
    ),
    Mutation(
        "guard-switched-off",
        "queueapp/tenancy/guard.py",
        "        if named and not STRUCTURE.match(text):\n",
        "        if False:\n",
        "the first layer would be gone and nobody would notice while the second holds",
        ("tests/tenancy/test_layers.py",),
    ),
    Mutation(
        "scope-not-restored",
        "queueapp/tenancy/scopes.py",
        "                write_settings(database, previous)\n",
        "                pass\n",
        "a caller's transaction would go on under a role and a tenant that are not its own",
        ("tests/tenancy/test_scopes.py",),
    ),
    Mutation(
        "illegal-extra-transition",
        "queueapp/schema/20_tasks.sql",
        "    ('cancelled'  , 'queued', 'operator', 'retry');",
        "    ('completed'  , 'queued', 'operator', 'retry'),\n    ('cancelled'  , 'queued', 'operator', 'retry');",
        "a completed task could run again",
        ("tests/database/test_transitions.py",),
    ),
    Mutation(
        "audit-trigger-missing",
        "queueapp/schema/20_tasks.sql",
        "CREATE TRIGGER taskrunner_tasks_updated AFTER UPDATE ON taskrunner_tasks\n"
        "    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows\n"
        "    FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_tasks_updated();",
        "",
        "moves would be neither checked nor logged",
        ("tests/database/test_transitions.py",),
    ),
    Mutation(
        "deletions-not-counted",
        "queueapp/schema/20_tasks.sql",
        "CREATE TRIGGER taskrunner_tasks_deleted AFTER DELETE ON taskrunner_tasks\n"
        "    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION taskrunner_tasks_deleted();",
        "",
        "the counters would drift from the rows at every purge",
        ("tests/database/test_counters.py",),
    ),
    Mutation(
        "attempt-may-fall",
        "queueapp/schema/20_tasks.sql",
        "WHEN (NEW.attempt < OLD.attempt OR NEW.id <> OLD.id",
        "WHEN (NEW.id <> OLD.id",
        "a fence that falls lets an old attempt in again",
        ("tests/database/test_constraints.py",),
    ),
    Mutation(
        "fence-by-status-only",
        "queueapp/tasks/sql/settle_tasks.sql",
        "t.attempt = o.attempt\n"
        "    -- named as an array too, or the planner walks the whole primary key to save the sort\n"
        "    WHERE t.id = ANY (ARRAY(SELECT id FROM reported)) AND t.worker_id = %(worker_id)s"
        " AND t.lease_expires_at IS NOT NULL",
        "true WHERE t.status = 'leased'",
        "an attempt that lost its lease would settle the one that runs now",
        ("tests/tasks/test_fencing.py",),
    ),
    Mutation(
        "crash-burns-a-retry",
        "queueapp/tasks/sql/end_leases.sql",
        "crash_count = t.crash_count + %(counting)s",
        "failures = t.failures + %(counting)s",
        "a killed worker would cost the task a retry, and a poison pill would never end",
        ("tests/tasks/test_fencing.py",),
    ),
    Mutation(
        "neighbours-blamed",
        "queueapp/tasks/deaths.py",
        "ending is Ending.CRASHED and _key(row) == blamed",
        "ending is Ending.CRASHED",
        "one task that kills its worker would get its whole batch dead-lettered",
        ("tests/tasks/test_deaths.py",),
    ),
    Mutation(
        "no-time-to-renew",
        "queueapp/maintenance/expiry.py",
        "if self.watch.is_unbroken:",
        "if True:",
        "a database that was away would cost everybody who lives a crash",
        ("tests/maintenance/test_expiry.py",),
    ),
    Mutation(
        "process-by-id-alone",
        "queueapp/process_identity.py",
        "stat.start_ticks == ticks and",
        "True and",
        "a dead worker whose process id was given out again would live for ever",
        ("tests/worker/test_process_identity.py",),
    ),
    Mutation(
        "notified-before-commit",
        "queueapp/redis/notifier.py",
        "        transaction.on_commit(lambda: notify(wanted), robust=True)",
        "        notify(wanted)",
        "workers would be woken for a task that is not there yet, or never will be",
        ("tests/tasks/test_transactions.py",),
    ),
    Mutation(
        "dedup-without-ttl",
        "queueapp/tasks/sql/submit_tasks_with_keys.sql",
        "WHERE taskrunner_dedup_keys.expires_at <= taskrunner_clock()\n            OR excluded",
        "WHERE excluded",
        "a key would be taken for ever",
        ("tests/tasks/test_dedup.py",),
    ),
    Mutation(
        "expired-holder-cancelled",
        "queueapp/tasks/sql/submit_tasks_with_keys.sql",
        "CASE WHEN taskrunner_dedup_keys.expires_at > taskrunner_clock()\n"
        "            THEN taskrunner_dedup_keys.task_id END",
        "taskrunner_dedup_keys.task_id",
        "taking an expired key would cancel a task that was accepted",
        ("tests/tasks/test_dedup.py",),
    ),
    Mutation(
        "keys-in-any-order",
        "queueapp/tasks/sql/submit_tasks_with_keys.sql",
        "WHERE dedup_key IS NOT NULL ORDER BY queue, dedup_key",
        "WHERE dedup_key IS NOT NULL",
        "two batches could deadlock",
        ("tests/tasks/test_deadlocks.py",),
    ),
    Mutation(
        "pruning-waits-for-submits",
        "queueapp/maintenance/sql/prune.sql",
        "FROM taskrunner_dedup_keys WHERE expires_at < taskrunner_now() ORDER BY"
        " expires_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)",
        "FROM taskrunner_dedup_keys WHERE expires_at < taskrunner_now() ORDER BY"
        " expires_at LIMIT %(batch)s FOR UPDATE)",
        "pruning and a batch could deadlock",
        ("tests/tasks/test_deadlocks.py",),
    ),
    Mutation(
        "beat-in-any-order",
        "queueapp/tasks/sql/renew_leases.sql",
        "AS h (id, attempt, progress) ORDER BY id",
        "AS h (id, attempt, progress)",
        "a worker's beat and a bulk cancel could deadlock",
        ("tests/tasks/test_deadlocks.py",),
    ),
    Mutation(
        "purge-forgets-live-keys",
        "queueapp/tasks/sql/purge_tasks.sql",
        "AND k.task_id = t.id)",
        "AND k.task_id = t.id AND false)",
        "a purge would free keys that are still promised",
        ("tests/tasks/test_verbs.py",),
    ),
    Mutation(
        "config-order-forgotten",
        "configapp/changes/apply.py",
        "submission__lte=submission",
        "submission=submission",
        "a task would apply its own change past earlier ones that still wait",
        ("tests/configapp/test_order.py",),
    ),
    Mutation(
        "config-keys-not-locked",
        "configapp/changes/accept.py",
        "SELECT count(taskrunner_lock(name))",
        "SELECT count(name)",
        "two requests for a key could draw their numbers in one order and commit in the other",
        ("tests/configapp/test_order.py",),
    ),
    Mutation(
        "config-open-to-tenants",
        "configapp/schema/rights.py",
        'TenantPolicies("system_config", client="SELECT", client_rows=OF_SYSTEM',
        'TenantPolicies("system_config", client="SELECT", client_rows="true"',
        "every tenant could read the configuration",
        ("tests/configapp/test_rules.py",),
    ),
    Mutation(
        "config-gap",
        "configapp/schema/10_rules.sql",
        "IF NEW.version <> coalesce(last, 0) + 1 THEN",
        "IF NEW.version <= coalesce(last, 0) THEN",
        "versions could have gaps",
        ("tests/configapp/test_rules.py",),
    ),
    Mutation(
        "config-secret-in-the-open",
        "configapp/changes/validate.py",
        "encode(mask(value)), value,",
        "encode(value), value,",
        "secrets would lie in four tables as they were typed",
        ("tests/configapp/test_secrets.py",),
    ),
    Mutation(
        "artifact-unfenced",
        "queueapp/artifacts/sql/claim_object.sql",
        "worker_id = %(worker_id)s AND attempt = %(attempt)s AND lease",
        "worker_id = %(worker_id)s AND lease",
        "an attempt that lost its lease could add to its successor's artifacts",
        ("tests/artifacts/test_attaching.py", "tests/worker_api/test_artifacts.py"),
    ),
    Mutation(
        "artifact-limit-forgotten",
        "queueapp/artifacts/upload_buffer.py",
        "if self.size > self.limit:",
        "if self.size > 2 * self.limit:",
        "artifacts could be larger than the tenant's limit",
        ("tests/artifacts/test_attaching.py", "tests/artifacts/test_uploads.py"),
    ),
    Mutation(
        "swept-object-claimed",
        "queueapp/artifacts/sql/claim_object.sql",
        "AND u.task_id = owner.id AND u.taken_at IS NULL",
        "AND u.task_id = owner.id",
        "an artifact could point to an object that the sweep is deleting",
        ("tests/artifacts/test_sweeping.py",),
    ),
    Mutation(
        "one-address-vouches",
        "workloads/safe_http/client.py",
        "for address in addresses:  # all of them",
        "for address in addresses[:1]:  # all of them",
        "a name could have a private address behind a public one",
        ("tests/fetch/test_forgery.py",),
    ),
    Mutation(
        "redirect-leaves-the-allow-list",
        "workloads/fetch/request.py",
        "check_hop=lambda hop: check_host(hop, limits.fetch_domain_allowlist)",
        "check_hop=lambda hop: None",
        "an allowed host could redirect to any other",
        ("tests/fetch/test_fetching.py", "tests/fetch/test_forgery.py"),
    ),
    Mutation(
        "run-unfenced",
        "queueapp/runs/sql/start_run.sql",
        "AND attempt = %(attempt)s AND worker_id",
        "AND worker_id",
        "an attempt that lost its lease could begin its successor's run",
        ("tests/runs/test_isolation.py",),
    ),
    Mutation(
        "library-shared-by-tenants",
        "workloads/search/providers/library.py",
        "shared = False",
        "shared = True",
        "a tenant would be answered with what another has fetched",
        ("tests/search/test_library.py", "tests/search/test_tasks.py"),
    ),
    Mutation(
        "reuse-without-end",
        "queueapp/runs/sql/reusable_result.sql",
        " AND latest.finished_at > taskrunner_clock() - make_interval(secs => %(seconds)s)",
        " AND %(seconds)s > 0",
        "a result would be reused however old it is",
        ("tests/runs/test_reuse.py",),
    ),
    Mutation(
        "horizon-too-far",
        "queueapp/claiming/watermarks.py",
        'if now["oldest_running"] >= above_all:',
        "if True:",
        "a task whose transaction took a while to commit would never be claimed",
        ("tests/worker/test_cursors.py",),
    ),
    Mutation(
        "cursors-never-return",
        "queueapp/claiming/strategies.py",
        "            self._cursors[sub_queue] = horizon.drawn if oldest is None else oldest - 1\n",
        "",
        "a task passed by for a moment, since a claim was rolled back, would never be claimed",
        ("tests/worker/test_cursors.py",),
    ),
    Mutation(
        "claims-from-the-start",
        "queueapp/claiming/sql/claim_fifo.sql",
        "            AND t.ready_seq > sub_queue.cursor\n",
        "",
        "under a long snapshot each claim would walk over everything done since it began",
        ("tests/worker/test_cursors.py",),
    ),
    Mutation(
        "fence-at-claim-forgotten",
        "queueapp/claiming/sql/parts/lease_candidates.sql",
        "w.stopped_at IS NOT NULL)",
        "false)",
        "a worker that was declared dead would claim more, and its death would be counted against that",
        ("tests/worker/test_fence.py",),
    ),
    Mutation(
        "claim-in-flight-started",
        "queueapp/worker/pauses.py",
        "        if not queues:\n",
        "        if True:\n",
        "what was being claimed while its queue was paused would start",
        ("tests/worker/test_pauses.py",),
    ),
    Mutation(
        "pause-unheard",
        "queueapp/claiming/pauses.py",
        "if number > self.state.number:",
        "if True:",
        "an earlier state of the pauses that is read later would open a paused queue",
        ("tests/worker/test_pauses.py",),
    ),
    Mutation(
        "claims-over-http-share-no-lock",
        "queueapp/claiming/http_workers.py",
        '            statements.rows("share_pauses")\n',
        "",
        "a pause would return while a claim over HTTP is in flight",
        ("tests/worker_api/test_queue_order.py",),
    ),
]
