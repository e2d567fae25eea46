"""The configuration over REST, for admin keys."""
