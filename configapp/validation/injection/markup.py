"""Whether a browser would run or load something where a text stands in a page: in its body, or in an attribute.

A parser of HTML decides. Elements alone do no harm ("use a <div>"); what counts is scripts, handlers and addresses.
"""

import re
from collections.abc import Iterator

from lxml import html
from lxml.etree import ParserError, _Element

from configapp.validation.injection.script import acts, has_action

_ATTRIBUTES = ('<i title="{}">', "<i title='{}'>")
_UNQUOTED = "<i title={}>"
_LOADING = re.compile(r"src|srcset|srcdoc|data|action|formaction|poster|background|http-equiv")
_LOADING_BY_HREF = ("base", "use", "image", "feimage")
_SCRIPT = re.compile(r"\s*".join("javascript:"), re.IGNORECASE)  # browsers skip line breaks and tabs in it
_DOCUMENT = re.compile(
    r"(?:^\s*data\s*:\s*|(?<=[(\"'`=])data:)(?:text/(?:html|xml|javascript)|image/svg|application/x)", re.IGNORECASE
)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_STYLE = re.compile(r"url\s*\(|image-set\s*\(|@import", re.IGNORECASE)


def runs_as_markup(text: str) -> bool:
    """Whether the text brings a script, a handler of events, or an element that loads something."""
    if _DOCUMENT.search(text) or _SCRIPT_END.search(text):
        return True
    if "<" in text:
        # each piece by itself, too: an element in what another one takes for text may come out of it
        pieces = [text, *("<" + piece for piece in text.split("<")[1:])]
        if any(map(_is_active, (element for piece in pieces for element in _elements(piece)))):
            return True
    if "=" not in text:
        return False
    added = [each for template in _ATTRIBUTES for each in _attributes(template.format(text))]
    return any(map(_is_handler, added)) or any(acts(value) for _, value in _attributes(_UNQUOTED.format(text)))


def _elements(text: str) -> Iterator[_Element]:
    try:
        document = html.document_fromstring(text)
    except ParserError:  # a comment and nothing else
        return
    yield from (each for each in document.iter() if isinstance(each.tag, str))


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Those of handlers, and those with the address of a script."""
    for element in _elements(text):
        yield from ((name, value) for name, value in element.items() if name.startswith("on") or _SCRIPT.search(value))


def _is_active(element: _Element) -> bool:
    tag = element.tag.rpartition(":")[2].lower()
    if (
        tag == "script"
        or (tag == "style" and _STYLE.search(element.text or ""))
        or (tag == "link" and element.get("rel"))
    ):
        return True
    attributes = [(name.lower().rpartition(":")[2], value) for name, value in element.items() if value]
    return any(_is_handler(each) or _loads(tag, *each) for each in attributes)


def _is_handler(attribute: tuple[str, str]) -> bool:
    name, value = attribute
    return bool(_SCRIPT.search(value)) or (name.startswith("on") and has_action(value))


def _loads(tag: str, attribute: str, value: str) -> bool:
    if attribute == "style":
        return bool(_STYLE.search(value))
    if attribute == "href":
        return tag in _LOADING_BY_HREF or bool(_DOCUMENT.search(value))
    return bool(_LOADING.fullmatch(attribute))
