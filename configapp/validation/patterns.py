"""Regular expressions of keys, which operators write too: matched in linear time, whatever they are."""

from jsonschema_rs import Draft202012Validator, RegexOptions

MAX_PATTERN_BYTES = 50_000  # compiled


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text. Raises ValueError for what pattern_fault() names."""
    return _validator(f"^(?:{pattern})$").is_valid(text)


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern cannot be used, in words; None for a good one."""
    try:
        _validator(pattern)  # by itself too: `a)|(b` would fit between our brackets
        _validator(f"^(?:{pattern})$")
    except ValueError as error:
        return f"is no regular expression that we take (no look-around, no back-references): {error}"
    return None


def _validator(pattern: str) -> Draft202012Validator:
    options = RegexOptions(size_limit=MAX_PATTERN_BYTES)  # this engine does not backtrack
    return Draft202012Validator({"pattern": pattern}, offline=True, pattern_options=options)
