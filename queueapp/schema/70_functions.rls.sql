-- Who may call the functions that act with the owner's rights. Logins may look up keys as well (tenancy/grants.py).
GRANT EXECUTE ON FUNCTION taskrunner_append_task_log TO {{worker}};
GRANT EXECUTE ON FUNCTION taskrunner_prune_task_logs TO {{operator}};
GRANT SELECT ON SEQUENCE taskrunner_ready_seq TO {{worker}};
