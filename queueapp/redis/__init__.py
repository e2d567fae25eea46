"""Connections to Redis, atomic scripts there, and the notifier that wakes idle workers."""
