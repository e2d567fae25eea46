-- The scope's tenant's pages that match, the best first. With the owner's rights, because the operator @@ is not
-- leakproof: under a policy PostgreSQL would not use the index, but read and match every page of the tenant.
CREATE FUNCTION taskrunner_match_fetched_pages(query tsquery, wanted integer) RETURNS TABLE (id uuid, rank real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
    SELECT p.id, ts_rank(p.search, query) FROM taskrunner_fetched_pages p
    WHERE p.tenant_id = (SELECT nullif(current_setting('taskrunner.tenant_id', true), '')::uuid) AND p.search @@ query
    ORDER BY 2 DESC, 1 DESC LIMIT wanted
$$;
REVOKE ALL ON FUNCTION taskrunner_match_fetched_pages FROM PUBLIC;
