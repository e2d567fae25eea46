"""Measurements of Taskrunner and, side by side, of its peers. Never run by the tests: figures are no assertions."""
