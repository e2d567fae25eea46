"""The worker API: claiming, renewing and settling over HTTP, for workers in any language."""
