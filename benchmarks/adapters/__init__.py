"""The peers, each behind the same few methods. Runs in benchmarks/.venv, so nothing here imports the platform."""
