"""API keys: their form, making and revoking them, and recognising one before its tenant is known."""

from queueapp.apikeys.authenticate import KnownKey, recognise
from queueapp.apikeys.service import create_key, revoke_key

__all__ = ["KnownKey", "create_key", "recognise", "revoke_key"]
