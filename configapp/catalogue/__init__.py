"""The keys that the code declares, each once: type, bounds, default, secrecy, meaning.

An installed app adds keys of its own in its module `config_keys`, which is imported when Django starts:

    from configapp.catalogue import register_keys
    from configapp.catalogue.builders import integer

    register_keys(integer("reports.max_rows", 1000, 1, 100_000, "rows of the longest report"))
"""

from configapp.catalogue.ai import AI_KEYS
from configapp.catalogue.application import APPLICATION_KEYS, SOURCE_KEYS, STORE_KEYS
from configapp.catalogue.registry import CATALOGUE, register_keys

__all__ = ["CATALOGUE", "register_keys"]

register_keys(*APPLICATION_KEYS, *SOURCE_KEYS, *STORE_KEYS, *AI_KEYS)
