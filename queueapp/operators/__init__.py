"""What operators do to queues, workers and tenants, each act on record."""
