"""What operators do to queues and tenants, each act on record."""
