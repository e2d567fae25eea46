"""Hides secrets in whatever is shown, logged or recorded: by the name beside them, by their shape, or because the
parameters of the task at hand call them secret.

The shapes are those with a prefix of their own in the rules of gitleaks, which scans repositories: they hit no honest
text. Every pattern takes time in proportion to its text, which strangers may have written.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from urllib.parse import quote

MASK = "***"
CONTAINERS = (dict, list, tuple)
SHORTEST_KNOWN = 6  # a shorter value would take words out of honest texts

# by the end of the name: `access_token` and `apiKey`, but not `max_tokens`
ENDING = (
    r"(?:password|passwd|passphrase|pwd|secret|token|authorization|credentials?|cookie"
    r"|(?:api|private|secret|access|account|encryption|signing)[_-]?key)"
)
SECRET_NAME = re.compile(rf"{ENDING}$", re.I)
# The same names in running text: `name=value`, `name: value`, `"name": "value"`, but not `name == value`, nor the start
# of a sentence, as in `token: must be a string`, nor a placeholder, as in `Authorization: Bearer <key>`.
SCHEME = r"(?:Bearer|Basic|Token)\s+"
NAMED_IN_TEXT = re.compile(
    rf"""({ENDING}\\?["']?\s*(?:=>?(?!=)|:(?!\s+(?!{SCHEME})[a-z]+\ [a-z]))\s*)(?!(?:{SCHEME})?[<{{])"""
    rf"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\\"[^"\n]*"|{SCHEME}\S+|[^\s,;&)}}\]]+)""",
    re.I,
)
# much faster, since it looks for one case: no text without this, in small letters, has such a name
MAY_BE_NAMED = re.compile(r"""(?:word|wd|phrase|ret|ken|tion|ials?|kie|key)\\?["']?\s*[:=]""")
# What each shape begins with, or holds; the shape; what is left of it. A key that was cut off, or mistyped, is as good.
SHAPES = [
    (mark, re.compile(pattern, re.ASCII), shown)
    for mark, pattern, shown in (
        (
            "PRIVATE KEY",
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----"
            r"[^-]*(?:-(?!----)[^-]*)*(?:-----END[A-Z0-9 ]{0,60}-----)?",
            MASK,
        ),
        ("://", r"""(://[^/\s:@"'<>]*):[^/\s"'<>]+@""", rf"\1:{MASK}@"),  # https://user:password@host
        # ours, whose prefix is public
        ("tr_", r"tr_([0-9A-Za-z]{8})_[0-9A-Za-z]{20,}(?:_[0-9A-Za-z]*)?", rf"tr_\1_{MASK}"),
        ("eyJ", r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}(?:\.[\w-]*)?", MASK),  # JSON Web Token
        ("Bearer", r"\b(Bearer\s+)(?:(?=[\w.~+/-]*\d)[\w.~+/-]{8,}|[\w.~+/-]{20,})=*", rf"\1{MASK}"),
        ("Cookie:", r"\b((?:Set-)?Cookie:)[^\n\"']*", rf"\1 {MASK}"),
        ("AKIA", r"AKIA[0-9A-Z]{16}", MASK),  # AWS
        ("ASIA", r"ASIA[0-9A-Z]{16}", MASK),
        ("AIza", r"AIza[\w-]{35}", MASK),  # Google
        ("gh", r"gh[pousr]_[0-9A-Za-z]{36,}", MASK),  # GitHub
        ("github_pat_", r"github_pat_\w{22,}", MASK),
        ("glpat-", r"glpat-[\w-]{20,}", MASK),  # GitLab
        ("xox", r"xox[abeoprs]-[0-9A-Za-z-]{10,}", MASK),  # Slack
        ("k_", r"(?<![0-9A-Za-z])[rs]k_(?:live|test|prod)_[0-9A-Za-z]{10,}", MASK),  # Stripe
        ("sk-", r"(?<![0-9A-Za-z])sk-[\w-]{20,}", MASK),  # OpenAI, Anthropic
        ("SG.", r"SG\.[\w-]{16,}\.[\w-]{16,}", MASK),  # SendGrid
        ("npm_", r"npm_[0-9A-Za-z]{36}", MASK),
        ("pypi-", r"pypi-[\w-]{50,}", MASK),
    )
]


def masked(value: Any, known: Collection[str] = ()) -> Any:
    """A JSON value without its secrets: itself where it holds none, else a copy.

    `known` are further ones, as `secret_values` returns them.
    """
    if isinstance(value, CONTAINERS) and _surely_holds_none(value, known):
        return value
    return _copy_without(value, known)


def _copy_without(value: Any, known: Collection[str]) -> Any:
    if isinstance(value, str):
        return masked_text(value, known)
    if isinstance(value, dict):
        return {
            masked_text(str(name)): MASK if SECRET_NAME.search(str(name)) else _copy_without(item, known)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_copy_without(item, known) for item in value]
    return value


def _surely_holds_none(value: Any, known: Collection[str]) -> bool:
    """Looks through all texts at once: one by one takes several times as long.

    A line break between two texts ends no secret early: what one of them holds, all of them together hold as well.
    """
    names, texts = _contents(value)
    return _has_no_secret_name(names) and is_plain([*names, *texts], known)


def is_plain(texts: Iterable[str], known: Collection[str] = ()) -> bool:
    """Whether none of the texts holds a secret. What stands on both sides of a border may be taken for one."""
    text = "\n".join(texts)
    return masked_text(text, known) == text


def _contents(value: Any) -> tuple[set[str], list[str]]:
    """The names in a JSON value, and its texts."""
    names: set[str] = set()
    texts: list[str] = []

    def collect(part: Any) -> None:
        if isinstance(part, dict):
            names.update(map(str, part))
            part = part.values()
        for item in part:
            if isinstance(item, str):
                texts.append(item)
            elif isinstance(item, CONTAINERS):
                collect(item)

    collect(value)
    return names, texts


def _has_no_secret_name(names: Iterable[str]) -> bool:
    return not any(map(SECRET_NAME.search, names))


def restored(edited: Any, original: Any, known: Collection[str] = ()) -> tuple[Any, list[str]]:
    """What somebody made of `masked(original, known)`, with the secrets back wherever their mask still stands.

    The second value names, as dotted paths, the texts that hold a mask elsewhere.
    """
    shown = masked(original, known)
    if shown == original:  # nothing was hidden, so the edited value holds what it is to hold
        return edited, []
    left: list[str] = []
    return _restored(edited, original, shown, (), left), left


def _restored(edited: Any, original: Any, shown: Any, path: tuple[str, ...], left: list[str]) -> Any:
    if isinstance(edited, str):
        if edited == shown:
            return original
        if MASK in edited:
            left.append(".".join(path))
        return edited
    if isinstance(edited, dict):
        names = _names_as_shown(original, shown)
        return {
            names.get(name, name): _restored(item, *_both(original, shown, names.get(name), name), (*path, name), left)
            for name, item in edited.items()
        }
    if isinstance(edited, list):
        pairs = _pairs(original, shown, len(edited))
        return [_restored(item, *pairs[n], (*path, str(n)), left) for n, item in enumerate(edited)]
    return edited


def _names_as_shown(original: Any, shown: Any) -> dict[str, str]:
    """The original names of an object by those that it is shown with."""
    if not (isinstance(original, dict) and isinstance(shown, dict)):
        return {}
    return {masked_text(str(name)): name for name in original}


def _both(original: Any, shown: Any, name: str | None, shown_name: str) -> tuple[Any, Any]:
    return (None, None) if name is None else (original[name], shown[shown_name])


def _pairs(original: Any, shown: Any, length: int) -> list[tuple[Any, Any]]:
    """The items of a list with what they are shown as, as many as the edited one has."""
    both = list(zip(original, shown, strict=True)) if isinstance(original, list) and isinstance(shown, list) else []
    return [*both, *[(None, None)] * length][:length]


def masked_text(text: str, known: Collection[str] = ()) -> str:
    """The text without its secrets. Mask first and cut then: half a secret has no shape."""
    for secret in known:
        text = text.replace(secret, MASK)
    for mark, shape, shown in SHAPES:
        if mark in text:
            text = shape.sub(shown, text)
    if MAY_BE_NAMED.search(text.lower()):
        text = NAMED_IN_TEXT.sub(rf"\1{MASK}", text)
    return text


def has_shape_of_secret(text: str) -> bool:
    return any(mark in text and shape.search(text) for mark, shape, _ in SHAPES)


def secret_values(value: Any) -> tuple[str, ...]:
    """The texts that a JSON value holds under names of secrets, as they are and as JSON and URLs write them.

    The longest first, since one may be a part of another.
    """
    if not isinstance(value, CONTAINERS) or _has_no_secret_name(_contents(value)[0]):
        return ()
    forms = {form for text in _under_secret_names(value, named=False) for form in _forms(text)}
    return tuple(sorted(forms, key=len, reverse=True))


def masked_pieces(pieces: Iterable[bytes], known: Collection[str]) -> Iterator[bytes]:
    """A text without the secrets that are known, also where one is torn between two pieces."""
    secrets = [secret.encode() for secret in known]
    kept_bytes = max(map(len, secrets)) - 1  # the beginning of one at the most
    left = b""
    for piece in pieces:
        left += piece
        for secret in secrets:
            left = left.replace(secret, MASK.encode())
        cut = max(0, len(left) - kept_bytes)
        yield left[:cut]
        left = left[cut:]
    yield left


def _under_secret_names(value: Any, *, named: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _under_secret_names(item, named=named or bool(SECRET_NAME.search(name)))
    elif isinstance(value, list):
        for item in value:
            yield from _under_secret_names(item, named=named)
    elif named and isinstance(value, str) and len(value) >= SHORTEST_KNOWN:
        yield value


def _forms(text: str) -> tuple[str, ...]:
    return text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], quote(text, safe="")
