-- Remember that a key was used, to the minute.
SELECT note_api_key_used(%(key_id)s)
