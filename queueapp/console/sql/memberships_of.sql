-- The tenants that a user belongs to; asked before a tenant is known, so answered with the owner's rights.
SELECT * FROM taskrunner_memberships_of(%(user_id)s)
