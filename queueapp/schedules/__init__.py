"""Schedules: tasks that are submitted by themselves, once a slot, whoever fires it; each slot has a row of its own."""
