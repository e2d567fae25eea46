"""Artifacts: bytes that tasks leave behind. Their rows are in PostgreSQL, the bytes in an object store."""
