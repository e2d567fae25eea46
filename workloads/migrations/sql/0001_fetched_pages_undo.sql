DROP FUNCTION match_fetched_pages;
DROP POLICY search_reads ON fetched_pages;
DROP POLICY operator ON fetched_pages;
DROP POLICY client ON fetched_pages;
REVOKE ALL ON fetched_pages FROM taskrunner_client, taskrunner_operator;
ALTER TABLE fetched_pages DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
