"""Moves the source of Celery tasks: reads it, never imports or runs it, says what maps, and rewrites what does.

A module a step: `source` reads, `survey`, `configuration` and `others` understand, `plan` decides, `rewriting` and
`files` write. Only `rewriting` needs libcst (the extra `celery`).
"""
