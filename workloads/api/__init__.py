"""The addresses of the task families, below /api/v1."""
