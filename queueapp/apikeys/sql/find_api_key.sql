-- What is known of the key with this prefix; asked before a tenant is known, so answered with the owner's rights.
SELECT * FROM taskrunner_find_api_key(%(prefix)s)
