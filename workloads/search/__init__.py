"""The search family: one query put to several sources, their results merged into one list."""
