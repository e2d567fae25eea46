"""Refuses text that holds script, markup or SQL injection."""
