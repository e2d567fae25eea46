"""The families' sections of TASKRUNNER, from environment variables; the sections check the values."""

from collections.abc import Mapping
from typing import Any, get_origin

from pydantic import ValidationError

from configapp.settings import ConfigSettings
from queueapp.conf import Section
from workloads.fetch.settings import FetchSettings
from workloads.search.settings import SearchSettings

MODELS: dict[str, type[Section]] = {"SEARCH": SearchSettings, "FETCH": FetchSettings, "CONFIG": ConfigSettings}

# variable → section and key
VARIABLES = {
    "SEARCH_SOURCE_ALLOWLIST": ("SEARCH", "SOURCE_ALLOWLIST"),
    "SEARCH_MAX_RESULTS": ("SEARCH", "MAX_RESULTS"),
    "SEARCH_CACHE_TTL_SECONDS": ("SEARCH", "CACHE_TTL_SECONDS"),
    "SEARCH_CALLS_PER_SECOND": ("SEARCH", "CALLS_PER_SECOND"),
    "BRAVE_API_KEY": ("SEARCH", "BRAVE_API_KEY"),
    "BRAVE_API_URL": ("SEARCH", "BRAVE_API_URL"),
    "SEARXNG_URL": ("SEARCH", "SEARXNG_URL"),
    "FETCH_DOMAIN_ALLOWLIST": ("FETCH", "DOMAIN_ALLOWLIST"),
    "FETCH_ALLOWED_NETWORKS": ("FETCH", "ALLOWED_NETWORKS"),
    "FETCHED_PAGES_RETENTION_DAYS": ("FETCH", "PAGES_RETENTION_DAYS"),
    "CONFIG_ENCRYPTION_KEYS": ("CONFIG", "ENCRYPTION_KEYS"),
}


def read_sections(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The sections as Django's setting holds them; an empty variable counts as not set."""
    sections: dict[str, dict[str, Any]] = {name: {} for name in MODELS}
    for variable, (section, key) in VARIABLES.items():
        if text := environment.get(variable):
            sections[section][key] = _split(text) if _is_list(section, key) else text
    return sections


def section_faults(sections: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with them: a line for each fault, which names the variable and not its value."""
    variables = {place: variable for variable, place in VARIABLES.items()}
    lines = []
    for section, values in sections.items():
        try:
            MODELS[section].model_validate(values)
        except ValidationError as error:
            for item in error.errors():
                variable = variables[section, str(item["loc"][0])]
                lines.append(f"{variable}: {item['msg'].removeprefix('Value error, ')}")
    return lines


def _is_list(section: str, key: str) -> bool:
    return get_origin(MODELS[section].model_fields[key.lower()].annotation) is list


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
