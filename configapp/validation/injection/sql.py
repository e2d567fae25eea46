"""Whether PostgreSQL would run a text that was pasted into a statement.

Its own grammar decides: prose in a statement is nearly always a syntax error, and one error refuses all of it. Some
prose parses all the same ("5 or more", "teachers' and students' room"), but would fail on what it names.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pgparse import PGQueryError, parse

Node = dict[str, Any]

# Where a careless program pastes a value: alone, after a comparison, into a comment, between quotes
_ALONE = ("{}", "select where {}", "/*{}*/", "--{}")
_COMPARED = (
    *("select where x = 1 {}", "select where (x = 1 {})", "select where x = {}"),
    *("select where x in ({})", "select where (x in ({}))"),
)
_REMARKED = ("select where x = 1 /*{}*/",)
_QUOTED = (
    *("select where x = {}", "select where (x = {})", "select where ((x = {}))", "select where (((x = {})))"),
    *("select where {} = x", "insert into t values ({}, 1)"),
)
# How values are quoted, and what may stand inside without ending them
_QUOTES = (
    ("'", "'", re.compile(r"''")),
    ("e'", "'", re.compile(r"''|\\.")),
    ('"', '"', re.compile(r'""')),
    ("$$", "$$", re.compile(r"(?!)")),
)

_OF_TEMPLATES = {"whereClause", "limitOption", "op", "relation", "selectStmt", "override"}

# Commands that buttons are named after, too; alone, none reads or changes a row
_LABELS = re.compile(
    r"(?:Transaction|Listen|Unlisten|Notify|Fetch|ClosePortal|Execute|Deallocate|Discard|Lock|Vacuum|Cluster|CheckPoint|"
    r"Explain|VariableShow|VariableSet|Select)Stmt"
)
_ON_ROWS = re.compile(r"(?:Select|Insert|Update|Delete|Truncate|Lock)Stmt")
_DETERMINERS = re.compile(
    r"an?|the|this|that|these|those|your|our|my|his|her|its|their|each|every|any|all|some|one|two|three|t?here|which|"
    r"what|both|n?either|several|many|more|(?:an)?other|to|in|on|at|by|for|with|as"
)
_TYPES = re.compile(  # others than those which the grammar itself knows
    r"aclitem|bool|box|bpchar|bytea|char|x?cid8?|cidr|circle|citext|date|float[48]|hstore|inet|int[248]|jsonb?|jsonpath|"
    r"line|lseg|macaddr8?|money|name|oid|path|pg_\w+|point|polygon|refcursor|reg\w+|text|tid|time\w+|ts\w+|txid_snapshot|"
    r"uuid|varbit|\w+range|\w+vector|xid8?|xml"
)
_TRUTHS = ("true", "false", "yes", "no")  # and what they begin with
_ARITHMETIC = frozenset(["+", "-", "*", "/", "%", "^", "&", "|", "#", "<<", ">>", "||", "->", "->>"])
_OF_STRINGS = re.compile(r"[<>]?=|<>|[<>]|!?~{1,2}\*?|\|\||\^@|@@@?")
_CONSTANTS = ("A_Const", "TypeCast", "SubLink", "FuncCall")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\s*[+-]?\.?\d[\w.]*\s*")
_OPERATOR = re.compile(r"[^`]{1,4}")
# Functions that wait, or read files, settings and tables
_FUNCTION = re.compile(
    r"(?:pg|lo|dblink|has|txid|inet)_\w+|dblink|\w+_to_xml\w*|(?:set|current)_(?:config|setting)|version|setval|nextval|chr"
)
# "1--" hides what follows it; "1 -- the first" is prose, and so is an option in quotes
_CUT = re.compile(r"[\w\s(),=*']*(?:[\w)';]|\d\s)--[\s+-]*")
_OPTION = re.compile(r"""(?<![^\s(,])(['"])--[^'"\s]*\1""")


def runs_as_sql(text: str) -> bool:
    """Whether there is a place in a statement where PostgreSQL would take the text for more than one value."""
    text = _OPTION.sub("option", text)
    return (
        any(_adds_to(template, text) for template in _ALONE)
        or any(_changes(template, text) for template in _COMPARED + _REMARKED)
        or any(_ends_value(*quote, text) for quote in _QUOTES)
        or (bool(_CUT.fullmatch(text)) and any(_runnable(template.format(text)) for template in _COMPARED))
    )


def _adds_to(template: str, text: str) -> bool:
    return any(_is_danger(*each) for each in _nodes(_runnable(template.format(text))))


def _changes(template: str, text: str) -> bool:
    statements = _runnable(template.format(text))
    if not statements:
        return False
    condition = statements[0]["SelectStmt"].get("whereClause", {})
    tested = template.endswith("= {}") and not condition.keys().isdisjoint(("NullTest", "BooleanTest"))  # 1 is not null
    return (
        (tested and _has(condition, "A_Const"))
        or _is_condition(condition)
        or any(map(_is_command, statements[1:]))
        or any(_is_danger(*each) for each in _nodes(statements))
    )


def _ends_value(opening: str, closing: str, inside: re.Pattern[str], text: str) -> bool:
    if closing not in inside.sub("", text):
        return False
    read = (_runnable(template.format(f"{opening}{text}{closing}")) for template in _QUOTED)
    return any(statements and not _stays_words(statements) for statements in read)


def _stays_words(statements: list[Node]) -> bool:
    """Whether words stand beside or are compared with words, and nothing else: "a ',' token", "handle '<' and"."""
    kind, statement = next(iter(statements[0].items()))
    if len(statements) > 1 or not statement.keys() <= _OF_TEMPLATES:
        return False
    if kind == "SelectStmt":
        compared = statement.get("whereClause", {}).get("A_Expr", {})
        return any(_are_words(compared[side]) and "A_Expr" in compared[side] for side in ("lexpr", "rexpr") if compared)
    rows = statement["selectStmt"]["SelectStmt"].get("valuesLists", ())
    *values, last = rows[0]["List"]["items"] if len(rows) == 1 else [{}]
    own = last.get("A_Const", {}).get("ival") == {"ival": 1}
    return own and all(map(_are_words, values)) and (len(values) > 1 or "A_Expr" in values[0])


def _are_words(value: Node) -> bool:
    if operation := value.get("A_Expr"):
        sides = (operation.get(side, {}) for side in ("lexpr", "rexpr"))
        return operation["kind"] == "AEXPR_OP" and _strings(operation["name"]) != ["||"] and all(map(_are_words, sides))
    return any(map(str.isalpha, value.get("A_Const", {}).get("sval", {}).get("sval", "")))


def _runnable(sql: str) -> list[Node]:
    """The statements in it; none when PostgreSQL would refuse them."""
    try:
        statements = [each["stmt"] for each in parse(sql) if "stmt" in each]
    except (PGQueryError, RecursionError):  # nobody nests as deep as Python's limit in a value
        return []
    nodes = list(_nodes(statements))
    names = {
        name for _, node in nodes for name in map(node.get, ("ctename", "aliasname", "name")) if isinstance(name, str)
    }
    return [] if any(_fails(kind, node, names) for kind, node in nodes) or _names_no_table(nodes, names) else statements


def _nodes(tree: object) -> Iterator[tuple[str, Node]]:
    """Each node below, with its kind."""
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from ((kind, node) for kind, node in each.items() if isinstance(node, dict))
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _fails(kind: str, node: Node, named: set[str]) -> bool:
    """Whether it names what no database has, or takes a word for a number or a number for a truth value."""
    match kind:
        case "ColumnRef":
            return any(not _WORD.fullmatch(name) for name in set(_strings(node["fields"])) - named)
        case "FuncCall":
            return not _WORD.fullmatch(_strings(node["funcname"])[-1])
        case "TypeCast":
            names = _strings(node["typeName"].get("names", ()))
            return "pg_catalog" not in names and not _TYPES.fullmatch(names[-1])
        case "limitCount":
            text = node.get("A_Const", {}).get("sval", {}).get("sval", "0")
            return not _NUMBER.fullmatch(text) or (_has(node, "ColumnRef") and not _has(node, "SubLink"))
        case "A_Expr" if node["kind"] == "AEXPR_OP":
            return _has_no_operator(_strings(node["name"])[-1], node.get("lexpr", {}), node.get("rexpr", {}))
        case "whereClause":
            return "RowExpr" in node
        case "BoolExpr":
            return not all(map(_may_be_true, node["args"]))
    return False


def _has_no_operator(name: str, left: Node, right: Node) -> bool:
    strings = [each["A_Const"]["sval"].get("sval", "") for each in (left, right) if "sval" in each.get("A_Const", {})]
    if not _OPERATOR.fullmatch(name) or (len(strings) == 2 and not _OF_STRINGS.fullmatch(name)):
        return True
    words = any(not _NUMBER.fullmatch(text) for text in strings)
    return name in ("*", "/", "%") and words and not {"TypeCast", "SubLink", "FuncCall"} & (left.keys() | right.keys())


def _may_be_true(operand: Node) -> bool:
    if constant := operand.get("A_Const"):
        text = constant.get("sval", {}).get("sval", "").strip().lower()
        return (
            "boolval" in constant
            or "isnull" in constant
            or (
                bool(text)
                and (text in ("on", "of", "off", "1", "0") or any(truth.startswith(text) for truth in _TRUTHS))
            )
        )
    operation = operand.get("A_Expr", {})
    return operation.get("kind") != "AEXPR_OP" or _ARITHMETIC.isdisjoint(_strings(operation["name"]))


def _names_no_table(nodes: list[tuple[str, Node]], named: set[str]) -> bool:
    """Whether a word of English stands for a table, and nothing before could have made one of that name."""
    if not all(map(_ON_ROWS.fullmatch, {kind for kind, _ in nodes if kind.endswith(("Stmt", "IntoClause"))})):
        return False
    tables = {node["relname"] for _, node in nodes if "relname" in node}
    return any(map(_DETERMINERS.fullmatch, tables - named))


def _is_danger(kind: str, node: Node) -> bool:
    match kind:
        case "SelectStmt":
            return _is_query(node)
        case "FuncCall":
            words = [each for each in node.get("args", ()) if "ColumnRef" in each]  # as in "version (stable)"
            return bool(_FUNCTION.fullmatch(_strings(node["funcname"])[-1])) and words != node.get("args")
        case "A_Expr":  # = any('{1,2}')
            return node["kind"] in ("AEXPR_OP_ANY", "AEXPR_OP_ALL") and "ColumnRef" not in node["rexpr"]
        case "VariableSetStmt" | "VariableShowStmt":
            name = node.get("name", "")
            return name == "role" or (not name.isalpha() and name != "")
    return kind in ("CaseExpr", "IntoClause") or (kind.endswith("Stmt") and not _LABELS.fullmatch(kind))


def _is_command(statement: Node) -> bool:
    """Whether it is one, and no list of words after a semicolon."""
    kind, node = next(iter(statement.items()))
    return kind not in ("SelectStmt", "VariableShowStmt") or _is_danger(kind, node)


def _is_query(select: Node) -> bool:
    """Whether it reads a table or yields a value: "select a theme" has no table that could have the column."""
    if select["op"] != "SETOP_NONE":
        return _is_query(select["larg"]) or _is_query(select["rarg"])
    if "fromClause" in select or "valuesLists" in select:
        return True
    if "ColumnRef" not in select.get("havingClause", {"ColumnRef": None}):
        return True
    return bool(select.get("targetList")) and not _has(select["targetList"], "ColumnRef")


def _is_condition(expression: Node) -> bool:
    """Whether the first comparison is joined with what may be true or false, unlike "5 or more"."""
    first, *others = _operands(expression)
    before = first.get("A_Expr", {}).get("rexpr", {})
    return any(not _is_prose(*next(iter(each.items())), before) for each in others)


def _operands(expression: Node) -> list[Node]:
    joined = expression.get("BoolExpr", {}).get("args", ())
    return [operand for each in joined for operand in _operands(each)] or [expression]


def _is_prose(kind: str, node: Node, before: Node) -> bool:
    """A word; after words, words around "like" or "is"; 'no' after 'yes'; $10 after $5."""
    match kind:
        case "ColumnRef" | "ParamRef":
            return True
        case "FuncCall":
            return not _has(node, *_CONSTANTS)
        case "NullTest" | "BooleanTest" | "A_Expr":
            return "ColumnRef" in before and node.get("kind") != "AEXPR_OP" and not _has(node, *_CONSTANTS)
        case "A_Const":
            return any(sort in node and sort in before.get("A_Const", {}) for sort in ("sval", "boolval"))
    return False


def _has(tree: object, *kinds: str) -> bool:
    return any(kind in kinds for kind, _ in _nodes(tree))


def _strings(nodes: Iterable[Node]) -> list[str]:
    return [each["String"]["sval"] for each in nodes if "String" in each]
