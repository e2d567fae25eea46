"""Runs: what was done for a key before, and with which result."""
