"""The keys that the platform knows, each declared once: type, bounds, default, secrecy, meaning."""

from configapp.catalogue.ai import AI_KEYS
from configapp.catalogue.application import APPLICATION_KEYS, SOURCE_KEYS, STORE_KEYS
from configapp.keyspec import KeySpec

CATALOGUE: dict[str, KeySpec] = {spec.key: spec for spec in (*APPLICATION_KEYS, *SOURCE_KEYS, *STORE_KEYS, *AI_KEYS)}
