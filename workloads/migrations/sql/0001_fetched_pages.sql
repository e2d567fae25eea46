ALTER TABLE taskrunner_fetched_pages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY client ON taskrunner_fetched_pages FOR ALL TO taskrunner_client
    USING (tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid));
CREATE POLICY operator ON taskrunner_fetched_pages FOR ALL TO taskrunner_operator USING (true);

GRANT SELECT, INSERT, UPDATE ON taskrunner_fetched_pages TO taskrunner_client;
GRANT SELECT, DELETE ON taskrunner_fetched_pages TO taskrunner_operator;

-- The scope's tenant's pages that match, the best first. With the owner's rights, because the operator @@ is not
-- leakproof: under a policy PostgreSQL would not use the index, but read and match every page of the tenant.
CREATE POLICY search_reads ON taskrunner_fetched_pages FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION taskrunner_match_fetched_pages(query tsquery, wanted integer) RETURNS TABLE (id uuid, rank real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.id, ts_rank(p.search, query) FROM taskrunner_fetched_pages p
    WHERE p.tenant_id = (SELECT current_setting('taskrunner.tenant_id', true)::uuid) AND p.search @@ query
    ORDER BY 2 DESC, 1 DESC LIMIT wanted
$$;
REVOKE ALL ON FUNCTION taskrunner_match_fetched_pages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION taskrunner_match_fetched_pages TO taskrunner_client;
