"""Whether a browser would run a text as a script: as it stands, or pasted into a string of one.

A parser of JavaScript decides. Prose is a syntax error; what parses counts where it calls or assigns something, and, as
much code does no harm by itself, where it has to do with the page, the address or with making code from text.
"""

import re
from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

_JAVASCRIPT = Language(tree_sitter_javascript.language())
_ENCLOSED = (("'", "'"), ('"', '"'), ("/*", "*/"))
_ADDRESS = re.compile(r"\s*".join("javascript:"), re.IGNORECASE)  # browsers skip line breaks and tabs in it

_ACTIONS = re.compile(r"(?:call|new|assignment|augmented_assignment)_expression|throw_statement|variable_declarator")
_FUNCTIONS = re.compile(r"alert|confirm|prompt|eval|Function|set(?:Timeout|Interval)|fetch|importScripts|atob|Reflect")
_CLASSES = re.compile(r"Function|XMLHttpRequest|WebSocket|EventSource|(?:Shared)?Worker|Image")
_ROLES = ("constructor", "left", "function")
_TARGETS = re.compile(r"location|onerror")
_OBJECTS = re.compile(r"window|self|top|parent|frames|globalThis|document|location|navigator|this")
_MEMBERS = re.compile(
    rf"{_FUNCTIONS.pattern}|{_TARGETS.pattern}|href|open|assign|replace|write(?:ln)?|cookie|domain|defaultView|execCommand|"
    r"sendBeacon|postMessage"
)
_MEMBERS_OF_ALL = re.compile(r"constructor|__proto__|(?:inner|outer|insertAdjacent)HTML|srcdoc|fromCharCode|getScript")


def runs_as_script(text: str) -> bool:
    """Whether it is a script that does something, ends a string of one and goes on, or is an address that runs."""
    if not any(each in text for each in "(`="):
        return False
    return (
        _is_harmful(text)
        or any(_leaves(start, end, text) for start, end in _ENCLOSED)
        or ("${" in text and acts(f"`{text}`"))
        or ("`" in text and _is_harmful(f"`{text}`"))  # between backticks prose has names, too
        or any(_runs_from(text, found) for found in _ADDRESS.finditer(text))
    )


def acts(text: str) -> bool:
    """Whether the text is a script, and calls or assigns something."""
    program = _parsed(text)
    return not program.has_error and any(_ACTIONS.fullmatch(node.type) for node in _nodes(program))


def has_action(text: str) -> bool:
    """Whether something in it may be called or assigned, even if not all of it is a script."""
    return any(_ACTIONS.fullmatch(node.type) for node in _nodes(_parsed(text)))


def _leaves(start: str, end: str, text: str) -> bool:
    # the second: a backslash before a quote escapes the one that a careless program puts there
    return end in text and any(acts(start + each + end) for each in (text, text.replace(f"\\{end}", end)))


def _runs_from(text: str, address: re.Match[str]) -> bool:
    """What follows `javascript:`: all of it where the text is an address, a word of it where one stands in the text."""
    script = text[address.end() :]
    if not text[: address.start()].strip():
        return acts(script)
    return not script[:1].isspace() and has_action(script.split(None, 1)[0] if script else "")


def _is_harmful(text: str) -> bool:
    program = _parsed(text)
    if program.has_error:
        return False
    nodes = list(_nodes(program))
    return any(_ACTIONS.fullmatch(node.type) for node in nodes) and any(map(_reaches_out, nodes))


def _parsed(text: str) -> Node:
    return Parser(_JAVASCRIPT).parse(text.encode(errors="replace")).root_node


def _nodes(program: Node) -> Iterator[Node]:
    waiting = [program]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children)


def _reaches_out(node: Node) -> bool:
    match node.type:
        case "import" | "with_statement":
            return True
        case "identifier":
            return _uses(node)
        case "property_identifier" | "string_fragment":
            return bool(_MEMBERS_OF_ALL.fullmatch(_text(node)))
        case "member_expression":
            names = (_text(node.child_by_field_name(field)) for field in ("object", "property"))
            return all(each.fullmatch(name) for each, name in zip((_OBJECTS, _MEMBERS), names, strict=True))
        case "call_expression":
            return _is_computed(node.child_by_field_name("function"))
    return False


def _uses(identifier: Node) -> bool:
    """Whether a name of the browser's is called or handed on. `prompt (optional)` and `prompt = "?"` do neither."""
    name, parent = _text(identifier), identifier.parent
    role = parent and next((field for field in _ROLES if parent.child_by_field_name(field) == identifier), None)
    if parent is None or role == "constructor":
        return bool(_CLASSES.fullmatch(name))
    if role == "left":
        value = parent.child_by_field_name("right")
        return bool(_TARGETS.fullmatch(name)) and value is not None and any(map(_yields_text, _nodes(value)))
    if role == "function":
        arguments = parent.child_by_field_name("arguments")
        if name in ("fetch", "eval") and arguments is not None and arguments.type == "template_string":
            return False  # "`/fetch` takes" and a shell's "eval `…`"; neither runs what is between
        return bool(_FUNCTIONS.fullmatch(name)) and not _are_words(arguments)
    return bool(_FUNCTIONS.fullmatch(name))


def _yields_text(node: Node) -> bool:
    return node.type in ("string", "template_string", "call_expression", "member_expression")


def _are_words(arguments: Node | None) -> bool:
    """Names that a browser does not have, so that the call never happens."""
    named = arguments.named_children if arguments else []
    return bool(named) and all(each.type == "identifier" for each in named)


def _is_computed(function: Node | None) -> bool:
    """`top["al" + "ert"]`, `this["alert"]`."""
    if function is None or function.type != "subscript_expression":
        return False
    index = function.child_by_field_name("index")
    of_page = bool(_OBJECTS.fullmatch(_text(function.child_by_field_name("object"))))
    return index is not None and (of_page or index.type in ("binary_expression", "template_string", "call_expression"))


def _text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text else ""
