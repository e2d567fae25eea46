"""The search family: one question put to several sources, their answers merged into one list."""
