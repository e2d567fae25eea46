"""Housekeeping: what moves by itself, and what goes by age. Runs in every cluster; an advisory lock elects one."""

from queueapp.engine.housekeeping.housekeeper import Housekeeper, run_once

__all__ = ["Housekeeper", "run_once"]
