"""Chaos: real clusters on real servers, hurt at random from a seed, and an oracle that audits what is left.

`python -m tests.chaos` runs everything at length; `make test` runs a short version of each scenario.
"""
