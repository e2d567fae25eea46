"""Failures of one kind, counted together: which there are, since when, and what people decided about them."""
