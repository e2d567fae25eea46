"""The REST API: authentication, rights, problem documents, and a view for each address."""
