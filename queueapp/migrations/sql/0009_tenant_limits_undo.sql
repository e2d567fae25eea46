ALTER TABLE tenants DROP CONSTRAINT tenant_limits_known;
DROP FUNCTION is_list_of, is_whole_number;
