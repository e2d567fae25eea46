"""Shapes of statements that change data, tables or rights; and of statements in a row."""

from configapp.validation.rules import Rule, rule
from configapp.validation.sql.vocabulary import BEGIN, COLUMN, COMPARE, END, KEYWORD, NAME

_OBJECT = (
    "(?:column|view|index|user|role|procedure|function|trigger|constraint|sequence|login|tablespace|extension|type)"
)
_PRIVILEGE = "(?:all(?: privileges)?|select|insert|update|delete|execute|usage|dba|connect|create|super)"
_ALTERATION = (
    "(?:add|drop|modify|rename|alter|set|owner|with (?:password|login|superuser)|identified|change|disable|enable|"
    "password)"
)

WRITING: tuple[Rule, ...] = (
    rule(
        "INSERT INTO",
        rf"\binsert(?: ignore)? into {NAME} ?(?:\([^()]{{0,150}}\) ?)?",
        r"(?:values? ?\(|select\b|set \w{1,64} ?=|default values)",
    ),
    rule("INSERT INTO", rf"(?-i:INSERT INTO) {NAME}(?:{END}| ?\(| VALUES)|{BEGIN}insert into {NAME}{END}"),
    rule("UPDATE … SET", rf"\bupdate {NAME} set {COLUMN} ?="),
    rule("DELETE FROM", rf"(?:(?-i:DELETE FROM)|{BEGIN}delete from) {NAME}(?:{END}| where\b| using\b)"),
    rule("DELETE FROM", rf"\bdelete from {NAME} where {COLUMN} ?{COMPARE}"),
    rule("DROP", rf"\bdrop[ +](?:table|database|schema)[ +](?:if exists )?{NAME}(?:{END}| cascade\b| restrict\b)"),
    rule("DROP", rf"\bdrop (?:table|database|schema|{_OBJECT}) if exists\b|; ?drop {_OBJECT} {NAME}"),
    rule("DROP", rf"(?-i:DROP) {_OBJECT} {NAME}"),
    rule("ALTER", rf"\balter (?:table|database|user|role|login|schema|system) {NAME} {_ALTERATION}\b"),
    rule(
        "CREATE TABLE",
        rf"\bcreate (?:or replace )?(?:global |temp(?:orary)? |unlogged )?table (?:if not exists )?{NAME} ?",
        r"(?:\( ?[\w`\"]{1,64} \w|as (?:select|with)\b)",
    ),
    rule("CREATE", rf"(?-i:CREATE (?:OR REPLACE )?)(?:table|database|schema|{_OBJECT}) {NAME}"),
    rule("CREATE", r"\bcreate or replace (?:function|procedure|view|trigger)\b"),
    rule(
        "CREATE",
        rf"\bcreate (?:user|login|role) {NAME} ",
        r"(?:identified|with (?:login |encrypted )?(?:password|superuser)|superuser)\b",
    ),
    rule("CREATE", rf"\bcreate (?:function|procedure|trigger|view) {NAME} ?(?:\(|as (?:select|begin))"),
    rule("TRUNCATE", rf"\btruncate table {NAME}|(?-i:TRUNCATE) {NAME}{END}"),
    rule(
        "GRANT or REVOKE",
        rf"\b(?:grant|revoke) {_PRIVILEGE}(?: ?, ?\w{{1,20}}){{0,8}} ",
        rf"(?:on [\w.*`]{{1,64}} (?:to|from)\b|(?:to|from) \w{{1,64}}{END})",
    ),
    rule("MERGE", rf"\bmerge into {NAME} using\b"),
    # PostgreSQL runs programs by COPY, MySQL reads files by LOAD DATA
    rule("COPY", rf"\bcopy {NAME}(?: ?\([^()]{{0,80}}\))? (?:from|to) (?:program|'|stdin)"),
    rule("COPY", rf"\bload data (?:local )?infile\b|\bbulk insert {NAME} from"),
    # after a quote that closes early; "select" and its like follow the semicolons of prose too
    rule(
        "a stacked statement",
        r"['\"]\)? ?; ?(?:truncate|exec|declare|shutdown|waitfor|begin|commit|rollback|vacuum)(?![\w-])",
    ),
    rule("a stacked statement", rf"; ?(?-i:{KEYWORD.upper()}|DECLARE|SHUTDOWN|WAITFOR|COPY)\b|; ?shutdown\b"),
)
