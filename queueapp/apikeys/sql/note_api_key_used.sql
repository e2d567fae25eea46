-- Remember that a key was used, to the minute.
SELECT taskrunner_note_api_key_used(%(key_id)s)
