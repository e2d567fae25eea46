"""Moves the schedules and the queued tasks of a project's own django-q2. Its code is not imported, and nothing is run.

`packages` reads what is queued, `sources` finds it, `recurrence` understands schedules, `moving` decides and moves.
"""
