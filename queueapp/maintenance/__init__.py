"""Maintenance: what moves by itself, and what goes by age. Runs in every cluster; an advisory lock elects one."""

from queueapp.maintenance.runner import MaintenanceRunner, run_once

__all__ = ["MaintenanceRunner", "run_once"]
