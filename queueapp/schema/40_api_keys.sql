-- A key is looked up before its tenant is known, so with the owner's rights, by its prefix and nothing else.
CREATE FUNCTION taskrunner_find_api_key(wanted_prefix text) RETURNS TABLE (
    id uuid, tenant_id uuid, tenant_slug text, tenant_limits jsonb, lowered_limits jsonb, name text, role text, digest text,
    scopes text[], capabilities jsonb, usable boolean, expires_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
    SELECT k.id, k.tenant_id, t.slug, t.limits, t.lowered_limits, k.name, k.role, k.digest, k.scopes::text[],
        k.capabilities, t.active AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > taskrunner_now()), k.expires_at
    FROM taskrunner_api_keys k JOIN taskrunner_tenants t ON t.id = k.tenant_id WHERE k.prefix = wanted_prefix
$$;
REVOKE ALL ON FUNCTION taskrunner_find_api_key FROM PUBLIC;

-- Coarse, so that a busy key costs one write a minute.
CREATE FUNCTION taskrunner_note_api_key_used(key_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, {{schema}}, pg_temp AS $$
    UPDATE taskrunner_api_keys SET last_used_at = date_trunc('minute', taskrunner_now())
    WHERE id = key_id AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', taskrunner_now()))
$$;
REVOKE ALL ON FUNCTION taskrunner_note_api_key_used FROM PUBLIC;
