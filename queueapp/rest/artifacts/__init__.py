"""Artifacts over HTTP: bodies in and out in pieces, never whole in memory."""
