"""Shapes of SQL, in any case; and the statement keywords that only free text may hold in upper case.

Prose speaks of selecting from lists and updating sets. So a shape asks for what prose has not: a table after FROM
where the statement ends, values in parentheses, comparisons of constants, a quote that closes early.
"""

from configapp.validation.injection.rules import Rule, rule

_KEYWORD = "(?:select|union|insert|update|delete|drop|alter|create|truncate|exec|execute|grant|revoke|merge)"

# A keyword may follow a digit, a quote or a bracket (1union, 'or, )or), but not a letter
_FREE = "(?<![A-Za-z_$-])"

# Where a statement may begin; the verbs of prose stand elsewhere, or are capitalised
_BEGIN = r"(?:^|[;'\"()=,|&`\d] ?)"
_END = r" ?(?:;|--|#|/\*|'|\"|\)|,|$)"

# A table or column, but not a word of English that follows "from", "update" and "drop"
_NAME = (
    r"(?!(?:a|an|the|this|that|these|those|your|our|my|his|her|its|their|each|every|any|all|some|one|two|three|here|"
    r"there|which|what|both|either|several|many|more|other|another|of|to|in|on|at|by|for|with|as|or|and|is|are|was|"
    r"be|statements?|clauses?|keywords?|syntax|commands?|quer(?:y|ies)|operations?|privileges?)\b)"
    r"[\[`\"]?[@#\w][\w$.*@`\"\[\]]{0,80}"
)
_COLUMN = r"[\w.`\"\[\]@]{1,64}"

_LOGIC = rf"(?:{_FREE}(?:or|and|xor|having|where|not|div)\b|\|\||&&)"
_COMPARE = (
    r"(?:<=>|<>|!=|<=|>=|==|=|<(?!<)|>(?!>)|"
    r"\b(?:not )?(?:like|rlike|regexp|in|between|sounds like)\b|\bis (?:not )?(?=null|true|false))"
)
# What ends an injected condition: the rest of the statement becomes a comment
_COMMENT = r"(?:--(?=[ +'-]|$)|#|/\*|;? ?%00|;$)"


STATEMENT_WORD: Rule = rule("a statement keyword in upper case", rf"(?<!\w)(?-i:{_KEYWORD.upper()})(?!\w)")
# sElEcT: nobody writes a keyword so, except around a filter
_ODD_CASE = rule(
    "a keyword in odd case",
    rf"(?<!\w)(?=(?:{_KEYWORD}|from|where|sleep)(?!\w))",
    r"(?-i:[a-z]{1,12}[A-Z]|[A-Z]{2,12}[a-z]|[A-Z][a-z]{1,10}[A-Z])",
)


# --- Queries: SELECT, UNION, and their clauses

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

_QUERIES: tuple[Rule, ...] = (
    # also union(select, union all select, 1.union select; not a student Union select committee
    rule(
        "UNION SELECT",
        rf"{_FREE}(?!(?-i:Union select ))union[ (+]{{0,4}}(?:all|distinct(?:row)?)?[ (+]{{0,4}}select(?![a-z])",
    ),
    rule("UNION SELECT", r"(?<![\w-])union (?:all|distinct)$|['\")\d] ?union$"),
    # the statement ends after its table, or goes on as a statement does
    rule(
        "SELECT … FROM",
        rf"(?:(?-i:SELECT|Select(?=[^a-z]{{0,3}}[\w*, ]{{1,60}} (?-i:From|FROM)))|{_BEGIN}select)[ (]",
        r"(?:distinct |all |top \d{1,9} )?",
        rf"(?:\*|{_NAME}(?: ?, ?{_NAME}){{0,12}}) ?from[ (]{_NAME}",
        rf"(?:{_END}| (?:where|limit|order by|group by|join|as|union|having)\b)",
    ),
    rule("SELECT of everything", r"(?<![\w-])select[ (]{1,2}(?:\w{1,64}\.)?\* ?(?:from|into|$|;|--)"),
    rule(
        "SELECT of an expression",
        rf"{_FREE}select[ (+~!-]{{0,4}}(?:(?:all|distinct|top \d{{1,9}})[ (])?{_EXPRESSION}",
    ),
    # select'a', select`a`, select.1, select-1
    rule("SELECT of an expression", rf"{_FREE}(?<![`'\"])select(?:[`'\"{{~!]\w|[.-]\d|@\w)|\bselect case when\b"),
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
        rf"\bfrom {_NAME}(?: \w{{1,30}})? where[ (]{{1,3}}(?:not )?{_COLUMN}[) ]{{0,2}}(?:{_COMPARE}|\()",
    ),
    rule("ORDER BY a column number", r"(?:['\")]|\b\d{1,9}\)?) ?(?:order|group) by \(?\d|(?-i:(?:ORDER|GROUP) BY \d)"),
    rule(
        "ORDER BY a column number",
        rf"\b(?:order|group) by \d{{1,4}}(?: ?, ?\d{{1,4}}){{0,20}}(?: (?:asc|desc))? ?(?:{_COMMENT}|;)",
    ),
    rule(
        "LIMIT or INTO",
        r"\blimit \d{1,9}(?: ?(?:,|offset) ?\d{1,9})? ?(?:--|#|/\*|into\b)|\binto (?:out|dump)file\b|",
        r"\bprocedure analyse ?\(",
    ),
)


# --- Statements that change data, tables or rights, and several statements in a row

_OBJECT = (
    "(?:column|view|index|user|role|procedure|function|trigger|constraint|sequence|login|tablespace|extension|type)"
)
_PRIVILEGE = "(?:all(?: privileges)?|select|insert|update|delete|execute|usage|dba|connect|create|super)"
_ALTERATION = (
    "(?:add|drop|modify|rename|alter|set|owner|with (?:password|login|superuser)|identified|change|disable|enable|"
    "password)"
)

_STATEMENTS: tuple[Rule, ...] = (
    rule(
        "INSERT INTO",
        rf"\binsert(?: ignore)? into {_NAME} ?(?:\([^()]{{0,150}}\) ?)?",
        r"(?:values? ?\(|select\b|set \w{1,64} ?=|default values)",
    ),
    rule("INSERT INTO", rf"(?-i:INSERT INTO) {_NAME}(?:{_END}| ?\(| VALUES)|{_BEGIN}insert into {_NAME}{_END}"),
    rule("UPDATE … SET", rf"\bupdate {_NAME} set {_COLUMN} ?="),
    rule("DELETE FROM", rf"(?:(?-i:DELETE FROM)|{_BEGIN}delete from) {_NAME}(?:{_END}| where\b| using\b)"),
    rule("DELETE FROM", rf"\bdelete from {_NAME} where {_COLUMN} ?{_COMPARE}"),
    rule("DROP", rf"\bdrop[ +](?:table|database|schema)[ +](?:if exists )?{_NAME}(?:{_END}| cascade\b| restrict\b)"),
    rule("DROP", rf"\bdrop (?:table|database|schema|{_OBJECT}) if exists\b|; ?drop {_OBJECT} {_NAME}"),
    rule("DROP", rf"(?-i:DROP) {_OBJECT} {_NAME}"),
    rule("ALTER", rf"\balter (?:table|database|user|role|login|schema|system) {_NAME} {_ALTERATION}\b"),
    rule(
        "CREATE TABLE",
        rf"\bcreate (?:or replace )?(?:global |temp(?:orary)? |unlogged )?table (?:if not exists )?{_NAME} ?",
        r"(?:\( ?[\w`\"]{1,64} \w|as (?:select|with)\b)",
    ),
    rule("CREATE", rf"(?-i:CREATE (?:OR REPLACE )?)(?:table|database|schema|{_OBJECT}) {_NAME}"),
    rule("CREATE", r"\bcreate or replace (?:function|procedure|view|trigger)\b"),
    rule(
        "CREATE",
        rf"\bcreate (?:user|login|role) {_NAME} ",
        r"(?:identified|with (?:login |encrypted )?(?:password|superuser)|superuser)\b",
    ),
    rule("CREATE", rf"\bcreate (?:function|procedure|trigger|view) {_NAME} ?(?:\(|as (?:select|begin))"),
    rule("TRUNCATE", rf"\btruncate table {_NAME}|(?-i:TRUNCATE) {_NAME}{_END}"),
    rule(
        "GRANT or REVOKE",
        rf"\b(?:grant|revoke) {_PRIVILEGE}(?: ?, ?\w{{1,20}}){{0,8}} ",
        rf"(?:on [\w.*`]{{1,64}} (?:to|from)\b|(?:to|from) \w{{1,64}}{_END})",
    ),
    rule("MERGE", rf"\bmerge into {_NAME} using\b"),
    # PostgreSQL runs programs by COPY, MySQL reads files by LOAD DATA
    rule("COPY", rf"\bcopy {_NAME}(?: ?\([^()]{{0,80}}\))? (?:from|to) (?:program|'|stdin)"),
    rule("COPY", rf"\bload data (?:local )?infile\b|\bbulk insert {_NAME} from"),
    # after a quote that closes early; "select" and its like follow the semicolons of prose too
    rule(
        "a stacked statement",
        r"['\"]\)? ?; ?(?:truncate|exec|declare|shutdown|waitfor|begin|commit|rollback|vacuum)(?![\w-])",
    ),
    rule("a stacked statement", rf"; ?(?-i:{_KEYWORD.upper()}|DECLARE|SHUTDOWN|WAITFOR|COPY)\b|; ?shutdown\b"),
)


# --- Procedures, variables, and functions that wait, read files or disclose versions

_NUMBER = r"(?:0x[0-9a-f]{2,64}|\d{1,3})"

_FUNCTIONS: tuple[Rule, ...] = (
    rule("EXEC", r"(?<![\w.])exec(?:ute)?(?: immediate\b| ?\( ?['@n\"]| ?@| master\b| (?:xp|sp)(?:_|$)|/\*)"),
    rule(
        "EXEC",
        r"\b(?:xp_[a-z]{4,30}|",
        r"sp_(?:execute\w{0,12}|oa\w{5,12}|password|configure|addextendedproc|makewebtask|help\w{0,12}|who))\b",
    ),
    rule("a variable", r"\bdeclare @\w|\bset @\w{1,64} ?=|\bprint @"),
    rule("a variable", r"@@(?:version|servername|hostname|datadir|basedir|language|spid|global|tmpdir)"),
    # blind injection tells by how long the answer takes
    rule("a delay", r"\bwaitfor (?:delay|time) ?['\"(]|\bpg_sleep ?\(|\bbenchmark ?\( ?(?:\d|[a-z_]{2,12}\()"),
    rule(
        "a delay",
        r"\bdbms_(?:pipe|lock|ldap|xml\w{0,10}|utility|java|scheduler|export\w{0,12})\.\w|",
        r"\butl_(?:http|inaddr|file|smtp|tcp)\b",
    ),
    rule(
        "a delay",
        rf"(?:{_LOGIC}|select|if ?\([^()]{{1,60}},|[=,|'*+-]|^\(?)[ (!~+'\"-]{{0,6}}(?<![\w.])sleep ?\( ?[\d_(]",
    ),
    # errors that carry data, files, large results
    rule(
        "a dangerous function",
        r"(?<![\w.])(?:extractvalue|updatexml|load_file|load_extension|randomblob|lo_import|lo_export|query_to_xml|",
        r"database_to_xml|name_const|gtid_subset|row_count|elt|make_set|bfilename|tz_offset|json_keys) ?",
        r"\( ?(?:~|\(|0x|-?\d|'|\"|\)|cha?r\(|select\b|true\b|null|concat|[a-z_]{2,20}\()",
    ),
    rule(
        "a dangerous function",
        r"(?<![\w.])(?:exp ?\( ?~|(?:polygon|multipoint|geometrycollection|linestring) ?\( ?\( ?select)",
    ),
    rule(
        "characters by number",
        rf"(?<![\w.])(?:n?cha?r|unhex|hex) ?\( ?{_NUMBER}(?: ?, ?{_NUMBER}){{0,60}} ?\) ?(?:\+|\|\||=|\)|;|$)",
    ),
    rule(
        "a conversion",
        r"\b(?:convert|cast|try_convert) ?\( ?",
        r"(?:cha?r ?\(|\(?select\b|@@|int ?,|(?:current_)?user\b|version ?\(|chr|count)",
    ),
    rule("CASE or IF", r"(?:\(|select |by |and |or |then |,)\( ?case when|\bcase when ?\(|^\(?case when \d"),
    rule("CASE or IF", r"\bcase when .{1,60} then .{1,60} else"),
    rule("CASE or IF", r"\bii?f ?\( ?\(?['\"]?[\w()]{1,30}['\"]? ?[=<>]{1,2} ?[\w()]{1,30} ?,"),
)


# --- Conditions that are always true or always false: they compare constants

_OPENING = r"[ (!~+@'\"-]{0,8}"

_CONDITIONS: tuple[Rule, ...] = (
    # or 1=1, and '1' = 2, or 5 between 1 and 9; "5 < 6 and 7 > 3" is arithmetic
    rule(
        "a condition of constants",
        rf"{_LOGIC}{_OPENING}(?:\d{{1,12}}|0x[0-9a-f]{{2,64}})[ )'\"]{{0,4}}(?!<\s|>\s){_COMPARE}[ (n'\"@!~+-]{{0,5}}",
        r"(?:\d|\(|select\b|null\b|true\b|false\b)",
    ),
    # or 'a'='a, or ""=", and 'a' like n'a
    rule(
        "a condition of constants",
        rf"(?!not){_LOGIC}[ (!~+-]{{0,5}}n?(?P<quote>['\"]{{1,4}})[^'\"]{{0,40}}(?P=quote)[ )]{{0,3}}",
        rf"{_COMPARE}[ (]{{0,3}}n?['\"(]",
    ),
    # or a=a
    rule(
        "a condition of constants",
        rf"(?:{_FREE}(?:or|having|where|and)\b|\|\|)[ (+]{{1,3}}(?P<name>\w{{1,32}}) ?(?:=|like|<=>) ?(?P=name)",
        r"(?:[ )]?(?:$|--|#|/\*)|\))",
    ),
    # or true--
    rule(
        "a condition of constants",
        rf"{_LOGIC}{_OPENING}(?:true|false|\d{{1,9}}|not false|null|exists|@@version)[ )'\"]{{0,4}}{_COMMENT}",
    ),
    # the whole text is a condition: or 1, or (exists)
    rule(
        "a condition of constants",
        rf"^[ '\")\]\d]{{0,10}}{_LOGIC}[ (+]{{1,3}}(?:\d{{1,12}}|true|false|\(?exists\)?|isnull ?\()[ )]?",
        r"(?:[=<>']|$|/\*)",
    ),
    # and ascii(substr(…
    rule(
        "a condition on a function",
        rf"{_LOGIC}[ (+]{{1,3}}(?:isnull|exists|not exists|ascii|substr\w{{0,4}}|length|mid|ord|hex|bin|count|if|elt|",
        r"row|left|right|lower|upper) ?",
        r"\( ?(?:\(|select|\d|'|database|user|version|password|@@|current_|lower|upper|mid|substr|concat)",
    ),
    rule("a condition on a function", rf"{_LOGIC} user_name ?\(|\blike ?cha?r ?\("),
)


# --- Quotes that end the string they stand in, and continue as SQL. Prose quotes too ('or', "limit"), so that more than
# a word must follow the quote

_JOINED_AFTER_QUOTE = r"(?:(?:or|and|xor|having)\b|\|\||&&)"
_CLAUSE = "(?:or|and|xor|having|like|rlike|regexp|div|mod|in|between|group by|order by|union|limit|into|procedure)"

_QUOTES: tuple[Rule, ...] = (
    # ' or 1, ' and name = 'x, " or length(name)=3, ' or name is null
    rule(
        "a quote and a condition",
        rf"['\"][ )]{{0,4}}{_JOINED_AFTER_QUOTE}[ (!~+-]{{0,5}}\d{{1,12}} ?(?:[=<>*/|&-]|$|(?:or|and) ['\"]$)",
    ),
    rule(
        "a quote and a condition",
        rf"['\"][ )]{{0,4}}{_JOINED_AFTER_QUOTE}[ (!~+-]{{0,5}}{_COLUMN} ?(?:\([^()]{{0,60}}\) ?)?",
        r"(?:[=<>!]{1,2} ?['\"\w(@]|(?:not )?like ?['\"(]|is (?:not )?null|in ?\(|between \d|r(?:egexp|like) ?['\"(])",
    ),
    rule("a quote and a condition", rf"['\"][ )]{{0,4}}{_JOINED_AFTER_QUOTE}[ (!~+-]{{0,5}}(?:@@\w|exists ?\()"),
    # near the start, where the value was meant to end: admin' or ', ' or true, x' limit 1
    rule(
        "a quote and a condition",
        rf"^[\w@. -]{{0,40}}['\"](?:[ )]{{1,4}}{_CLAUSE}|(?:or|and|xor|\|\||&&|having|union)(?!['\"]))(?![\w-])",
        r"[ (+]{0,5}(?:$|['\"]\d{0,9}$|''|%|(?:true|false|null)(?:$|--|#)|\d{1,9}(?:$| ?[=<>,-])|",
        r"\w{1,20} ?[=(<>])",
    ),
    rule(
        "a quote and a condition",
        r"['\"] ?(?:like|rlike|regexp) ?['\"][^'\"]{0,40}%|^['\"] ?(?:like|rlike|regexp) ?['\"^(]",
    ),
    # nothing but quotes and operators: '-', '=', '||'
    rule("a quote and a condition", r"^['\"](?=[^\w]{0,11}[=+*/^&|%<>-])[=+*/^&|%<> '\"\d-]{1,12}$"),
    rule(
        "a quote and concatenation",
        r"['\"] ?(?:\|\||\+) ?(?:\(? ?select\b|\(|(?:n?cha?r|utl_|dbms_|version|user|database|pg_|ctxsys|case)",
        r"\w{0,20}[. (])|^\|\| ?['\"(\d]|\|\|\( ?elt|['\"]\|\|['\"]",
    ),
    # '-- and '# hide the rest of the statement; prose has dashes, code has comments after a space
    rule("a quote and a comment", r"['\"`] ?[);]{0,4} ?(?:--[ +-]{0,3}$|/\*|;? ?%00)"),
    rule("a quote and a comment", r"['\"][);]{0,4}--(?=[ +&]|$)|['\"][);]{0,4} ?#$|^[\w@.-]{0,40}['\"]\)?;$"),
    rule("a quote and a comment", r"^[\w@.-]{1,40}['\"] ?(?:--(?!-)|#|/\*)"),
    rule(
        "a number and a comment",
        r"^-?\d{1,12}[)'\"]{0,4} ?;? ?(?:--[ +-]{0,3}$|#$|/\*)|^['\")]{1,4} ?;? ?--[ +-]{0,3}$",
    ),
    rule("a name and a comment", r"^-- ?&|^(?:admin|root)\w{0,12} ?(?:--|#|/\*)"),
)


SQL_SHAPES: tuple[Rule, ...] = (_ODD_CASE, *_QUERIES, *_STATEMENTS, *_FUNCTIONS, *_CONDITIONS, *_QUOTES)
