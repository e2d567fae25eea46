"""The verbs that change the configuration. Every caller (API, admin, commands, Python) comes through here.

A change is checked, then accepted together with a task of tenant `system`, then applied by that task exactly once, in
the order of acceptance. Every refusal leaves its row in config_audit; call these verbs outside of any transaction, or
see to it that the one you are in commits.
"""

from configapp.changes.submit import dry_run, roll_back, submit_change, submit_changes, unset
from configapp.changes.validate import Wanted

__all__ = ["Wanted", "dry_run", "roll_back", "submit_change", "submit_changes", "unset"]
