DROP FUNCTION taskrunner_match_fetched_pages;
DROP POLICY search_reads ON taskrunner_fetched_pages;
DROP POLICY operator ON taskrunner_fetched_pages;
DROP POLICY client ON taskrunner_fetched_pages;
REVOKE ALL ON taskrunner_fetched_pages FROM taskrunner_client, taskrunner_operator;
ALTER TABLE taskrunner_fetched_pages DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
