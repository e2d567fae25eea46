DROP VIEW audit;
DROP VIEW worker_inbox;
DROP FUNCTION capabilities_meet;
DROP FUNCTION type_matches;
