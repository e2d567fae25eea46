"""Shapes of queries: SELECT, UNION, and what hangs on them."""

from configapp.validation.rules import Rule, rule
from configapp.validation.sql.vocabulary import BEGIN, COLUMN, COMMENT, COMPARE, END, FREE, NAME

# What sentences do not select: null, columns by number, variables, functions
_EXPRESSION = (
    r"(?:null ?(?:,|from|\)|--|#|;|$|::)|@{1,2}\w|0x[0-9a-f]{2}|\d{1,9} ?(?:,|--|#|;|\)|$|from |where |=)|"
    r"(?:current_user|session_user|user|system_user) ?(?:,|;|--|#|$|from dual)|"
    r"(?:count|concat\w{0,3}|group_concat|version|user|database|cha?r|load_file|sleep|pg_\w{1,40}|benchmark|ascii|"
    r"substr\w{0,4}|mid|if|case|hex|unhex|extractvalue|updatexml|cast|convert|name_const|sqlite_version|length|min|"
    r"max|utl_\w{1,20}\.\w{1,20}|ctxsys\.\w{1,30}\.\w{1,20}|system_user|current_user|dblink\w{0,20}|lo_\w{1,20}|"
    r"xmltype|(?:query|database|table)_to_xml) ?\()"
)
_SYSTEM_TABLES = (
    r"information_schema|pg_(?:catalog|shadow|user|tables|class|database|stat\w{0,20})|mysql\.|"
    r"sys\.(?:tables|objects|columns|databases|schemas|sql_logins|all_\w{1,30}|dm_\w{1,30}|user\w{0,10})|"
    r"sys(?:objects|columns|users|databases|logins|ibm|cat)|sqlite_(?:master|schema)|dual\b|"
    r"(?:all|user|dba)_(?:tables|users|tab_columns|objects)|v\$\w|master\.\.|msdb\.\.|msysobjects|rdb\$"
)

READING: tuple[Rule, ...] = (
    # also union(select, union all select, 1.union select; a student Union select committee is none
    rule(
        "UNION SELECT",
        rf"{FREE}(?!(?-i:Union select ))union[ (+]{{0,4}}(?:all|distinct(?:row)?)?[ (+]{{0,4}}select(?![a-z])",
    ),
    rule("UNION SELECT", r"(?<![\w-])union (?:all|distinct)$|['\")\d] ?union$"),
    # the statement ends after its table, or goes on as a statement does
    rule(
        "SELECT … FROM",
        rf"(?:(?-i:SELECT|Select(?=[^a-z]{{0,3}}[\w*, ]{{1,60}} (?-i:From|FROM)))|{BEGIN}select)[ (]",
        r"(?:distinct |all |top \d{1,9} )?",
        rf"(?:\*|{NAME}(?: ?, ?{NAME}){{0,12}}) ?from[ (]{NAME}",
        rf"(?:{END}| (?:where|limit|order by|group by|join|as|union|having)\b)",
    ),
    rule("SELECT of everything", r"(?<![\w-])select[ (]{1,2}(?:\w{1,64}\.)?\* ?(?:from|into|$|;|--)"),
    rule(
        "SELECT of an expression",
        rf"{FREE}select[ (+~!-]{{0,4}}(?:(?:all|distinct|top \d{{1,9}})[ (])?{_EXPRESSION}",
    ),
    # select'a', select`a`, select.1, select-1
    rule("SELECT of an expression", rf"{FREE}(?<![`'\"])select(?:[`'\"{{~!]\w|[.-]\d|@\w)|\bselect case when\b"),
    rule(
        "a subquery",
        r"\((?:select)[ (`'\"@*](?!(?:a|an|the|one|any|all that|all|only|from|this|your|it|up)\b)",
        r"[^()]{1,80}(?:\bfrom\b|\(|[*,'@]|\blimit\b)",
    ),
    rule(
        "a subquery",
        r"(?:=|<|>|\bin|\bexists|\band|\bor|\bany|\ball|\|\||,|'|\() ?\( ?select\b|'\)? ?\(select\b|^\(?select top \d",
    ),
    rule("a system table", rf"\bfrom[ (`]{{1,2}}(?:{_SYSTEM_TABLES})"),
    rule("a system table", r"\b(?:master|msdb|tempdb)\.\.\w|\binformation_schema\.\w{1,30} where\b"),
    rule(
        "a WHERE condition",
        rf"\bfrom {NAME}(?: \w{{1,30}})? where[ (]{{1,3}}(?:not )?{COLUMN}[) ]{{0,2}}(?:{COMPARE}|\()",
    ),
    rule("ORDER BY a column number", r"(?:['\")]|\b\d{1,9}\)?) ?(?:order|group) by \(?\d|(?-i:(?:ORDER|GROUP) BY \d)"),
    rule(
        "ORDER BY a column number",
        rf"\b(?:order|group) by \d{{1,4}}(?: ?, ?\d{{1,4}}){{0,20}}(?: (?:asc|desc))? ?(?:{COMMENT}|;)",
    ),
    rule(
        "LIMIT or INTO",
        r"\blimit \d{1,9}(?: ?(?:,|offset) ?\d{1,9})? ?(?:--|#|/\*|into\b)|\binto (?:out|dump)file\b|",
        r"\bprocedure analyse ?\(",
    ),
)
