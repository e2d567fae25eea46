"""API keys: their form, making and revoking them, and recognising one before its tenant is known."""

from queueapp.apikeys.making import create_key, revoke_key
from queueapp.apikeys.recognising import KnownKey, recognise

__all__ = ["KnownKey", "create_key", "recognise", "revoke_key"]
