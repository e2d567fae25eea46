-- Everything of the public schema that migrations make, one line of text each: what two databases are compared by.
SELECT concat_ws(' ', 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
    pg_get_expr(adbin, adrelid),
    (SELECT array_agg(entry::text ORDER BY entry::text) FROM unnest(attacl) AS granted (entry)))
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT concat_ws(' ', 'relation', relname, relkind, relrowsecurity, relforcerowsecurity, reloptions,
    (SELECT array_agg(entry::text ORDER BY entry::text) FROM unnest(coalesce(relacl,
        acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) AS granted (entry)))
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
UNION ALL
SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid))
FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT concat_ws(' ', 'policy', p) FROM pg_policies p
UNION ALL
SELECT concat_ws(' ', 'view', viewname, definition) FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT concat_ws(' ', 'function', pg_get_functiondef(oid),
    (SELECT array_agg(entry::text ORDER BY entry::text) FROM unnest(coalesce(proacl,
        acldefault('f', proowner))) AS granted (entry)))
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1
