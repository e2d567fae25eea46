"""What a project's tests need to run with the platform."""
