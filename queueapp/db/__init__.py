"""Named SQL statements and migration operations."""
