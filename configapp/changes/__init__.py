"""The functions that change the configuration. Every caller (API, admin, commands, Python) uses them.

A change is validated, then accepted together with a task of tenant `system`, then applied by that task exactly once, in
the order of acceptance. Every refusal leaves its row in config_audit: call these functions outside of any transaction,
or make sure that the one you are in commits.
"""

from configapp.changes.submit import dry_run, roll_back, submit_change, submit_changes, unset
from configapp.changes.validate import ChangeRequest

__all__ = ["ChangeRequest", "dry_run", "roll_back", "submit_change", "submit_changes", "unset"]
