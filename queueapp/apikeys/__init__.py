"""API keys: their format, their creation and revocation, and authentication by them."""

from queueapp.apikeys.authenticate import KnownKey, authenticate_key
from queueapp.apikeys.service import create_key, revoke_key

__all__ = ["KnownKey", "authenticate_key", "create_key", "revoke_key"]
