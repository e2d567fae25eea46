DROP VIEW taskrunner_audit;
DROP VIEW worker_inbox;
DROP FUNCTION taskrunner_capabilities_meet;
DROP FUNCTION taskrunner_type_matches;
