"""A module for each group of addresses."""
