"""The REST API under /api/v1: authentication, rights, problem documents, and a view for each address."""
