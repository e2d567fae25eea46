# ruff: noqa: E501
"""Shapes of SQL, in any case; and the statement words that only free text may hold in upper case.

Prose speaks of selecting from lists and updating sets. So a shape asks for what prose has not: a table after FROM where
the statement ends, values in parentheses, comparisons of constants, a quote that closes early.
"""

from configapp.validation.rules import Rule, rule

_WORD = "select|union|insert|update|delete|drop|alter|create|truncate|exec|execute|grant|revoke|merge"
_FREE = "(?<![A-Za-z_$-])"  # a keyword may follow a digit, a quote or a bracket: 1union, 'or, )or
# A name of a table or column; words of English grammar are none
_NAME = (
    r"(?!(?:a|an|the|this|that|these|those|your|our|my|his|her|its|their|each|every|any|all|some|one|two|three|here|"
    r"there|which|what|both|either|several|many|more|other|another|of|to|in|on|at|by|for|with|as|or|and|is|are|was|be|"
    r"statements?|clauses?|keywords?|syntax|commands?|quer(?:y|ies)|operations?|privileges?)\b)"
    r"[\[`\"]?[@#\w][\w$.*@`\"\[\]]{0,80}"
)
_END = r" ?(?:;|--|#|/\*|'|\"|\)|,|$)"
# Where a statement may begin: prose has its verbs elsewhere, or capitalised
_BEGIN = r"(?:^|[;'\"()=,|&`\d] ?)"
_COMPARE = r"(?:<=>|[<>=!]{1,2}|\b(?:not )?(?:like|rlike|regexp|in|between|is|sounds like)\b)"
_LOGIC = rf"(?:{_FREE}(?:or|and|xor|having|where|not|div)\b|\|\||&&)"
_FILLER = r"[ (!~+@'\"-]{0,8}"
_COMMENT = r"(?:--(?=[ +-]|$)|#|/\*|;? ?%00)"

STATEMENT_WORD = rule("a statement keyword in upper case", rf"(?<!\w)(?-i:{_WORD.upper()})(?!\w)")

SQL_SHAPES: tuple[Rule, ...] = (
    # sElEcT: nobody writes a keyword so, except around a filter
    rule(
        "a keyword in mixed case",
        rf"(?<!\w)(?=(?:{_WORD}|from|where|sleep)(?!\w))(?-i:[a-z]{{1,12}}[A-Z]|[A-Z]{{2,12}}[a-z]|[A-Z][a-z]{{1,10}}[A-Z])",
    ),
    # --- reading
    rule(
        "UNION SELECT",
        rf"(?:{_FREE}union|(?-i:UNION))[ (+]{{0,4}}(?:all|distinct(?:row)?)?[ (+]{{0,4}}(?:select(?![a-z])|$(?<=\bALL))",
    ),
    rule(
        "SELECT … FROM",
        rf"(?:(?-i:SELECT|Select)|{_BEGIN}select)[ (](?:distinct |all |top \d{{1,9}} )?",
        rf"(?:\*|{_NAME}(?: ?, ?{_NAME}){{0,12}}) ?(?-i:FROM|from|From)[ (]{_NAME}(?:{_END}| (?:where|limit|order by|group by|join|as|union|having)\b)",
    ),
    rule("SELECT of everything", r"(?<![\w-])select[ (]{1,2}(?:\w{1,64}\.)?\* ?(?:from|into|$|;|--)"),
    # what sentences do not select: null, columns by number, variables, functions
    rule(
        "SELECT of an expression",
        rf"{_FREE}select[ (+~!-]{{0,4}}(?:(?:all|distinct|top \d{{1,9}})[ (])?",
        r"(?:null ?(?:,|from|\)|--|#|;|$|::)|@{1,2}\w|0x[0-9a-f]{2}|\d{1,9} ?(?:,|--|#|;|\)|$|from |where |=)|",
        r"(?:count|concat\w{0,3}|group_concat|version|user|database|cha?r|load_file|sleep|pg_\w{1,40}|benchmark|ascii|",
        r"substr\w{0,4}|mid|if|case|hex|unhex|extractvalue|updatexml|cast|convert|name_const|sqlite_version|length|min|max|",
        r"utl_\w{1,20}\.\w{1,20}|ctxsys\.\w{1,30}\.\w{1,20}|system_user|current_user|dblink\w{0,20}|lo_import|xmltype) ?\()",
    ),
    rule("SELECT of an expression", rf"{_FREE}select(?:[`'\"{{~!]|\.\d|[@-]\w)|\bselect case when\b"),
    rule(
        "a subquery",
        r"\((?-i:select|SELECT|Select)[ (`'\"@*](?!(?:a|an|the|one|any|all that|all|only|from|this|your|it|up)\b)[^()]{1,80}(?:\bfrom\b|\(|[*,'@]|\blimit\b)",
    ),
    rule(
        "a subquery",
        r"(?:=|<|>|\bin|\bexists|\band|\bor|\bany|\ball|\|\||,|'|\() ?\( ?select\b|'\)? ?\(select\b|^\(?select top \d",
    ),
    rule(
        "a system table",
        r"\bfrom[ (`]{1,2}(?:information_schema|pg_(?:catalog|shadow|user|tables|class|database|stat\w{0,20})|mysql\.|sys\.|sys(?:objects|columns|users|databases|logins|ibm)|sqlite_(?:master|schema)|dual\b|(?:all|user|dba)_(?:tables|users|tab_columns|objects)|v\$\w|master\.\.|msdb\.\.|msysobjects|rdb\$)",
    ),
    rule("a system table", r"\b(?:master|msdb|tempdb)\.\.\w|\binformation_schema\.\w{1,30} where\b"),
    rule(
        "a WHERE condition",
        rf"\bfrom {_NAME}(?: \w{{1,30}})? where[ (]{{1,3}}(?:not )?[\w.`\"\[\]@]{{1,64}}[) ]{{0,2}}(?:{_COMPARE}|\()",
    ),
    rule(
        "ORDER BY a column number",
        rf"(?:['\")]|\b\d{{1,9}}\)?) ?(?:order|group) by \(?\d|(?:order|group) by \d{{1,4}}(?: ?, ?\d{{1,4}}){{0,20}}(?: (?:asc|desc))? ?(?:{_COMMENT}|;)|(?-i:(?:ORDER|GROUP) BY \d)",
    ),
    rule(
        "LIMIT or INTO",
        r"\blimit \d{1,9}(?: ?(?:,|offset) ?\d{1,9})? ?(?:--|#|/\*|into\b)|\binto (?:out|dump)file\b|\bprocedure analyse ?\(",
    ),
    # --- writing
    rule(
        "INSERT INTO",
        rf"\binsert(?: ignore)? into {_NAME} ?(?:\([^()]{{0,150}}\) ?)?(?:values? ?\(|select\b|set \w{{1,64}} ?=|default values)",
    ),
    rule("INSERT INTO", rf"(?-i:INSERT INTO) {_NAME}(?:{_END}| ?\(| VALUES)|{_BEGIN}insert into {_NAME}{_END}"),
    rule("UPDATE … SET", rf"\bupdate {_NAME} set [\w.`\"\[\]@]{{1,64}} ?="),
    rule("DELETE FROM", rf"(?:(?-i:DELETE FROM)|{_BEGIN}delete from) {_NAME}(?:{_END}| where\b| using\b)"),
    rule("DELETE FROM", rf"\bdelete from {_NAME} where [\w.`\"]{{1,64}} ?{_COMPARE}"),
    rule(
        "DROP",
        rf"\bdrop[ +](?:table|database|schema)[ +](?:if exists )?{_NAME}(?:{_END}| cascade\b| restrict\b)|\bdrop (?:table|database|schema) if exists\b",
    ),
    rule(
        "DROP",
        rf"(?-i:DROP|;\s?drop) (?:column|view|index|user|role|procedure|function|trigger|constraint|sequence|login|tablespace|extension) (?:if exists )?{_NAME}",
    ),
    rule(
        "ALTER",
        rf"\balter (?:table|database|user|role|login|schema|system) {_NAME} (?:add|drop|modify|rename|alter|set|owner|with|identified|change|disable|enable|password)\b",
    ),
    rule(
        "CREATE",
        rf"\bcreate (?:or replace )?(?:global |temp(?:orary)? |unlogged )?table (?:if not exists )?{_NAME} ?(?:\( ?[\w`\"]{{1,64}} \w|as\b)|(?-i:CREATE (?:OR REPLACE )?(?:TABLE|DATABASE|VIEW|FUNCTION|PROCEDURE|TRIGGER|USER|ROLE|LOGIN|INDEX|EXTENSION)) {_NAME}",
    ),
    rule(
        "CREATE",
        rf"\bcreate or replace (?:function|procedure|view|trigger)\b|\bcreate (?:user|login|role) {_NAME} (?:identified|with (?:login |superuser |encrypted )?password|superuser)\b|\bcreate (?:function|procedure|trigger|view) {_NAME} ?(?:\(|as select|after|before|as begin)",
    ),
    rule("TRUNCATE", rf"\btruncate table {_NAME}|(?-i:TRUNCATE) {_NAME}{_END}"),
    rule(
        "GRANT or REVOKE",
        rf"\b(?:grant|revoke) (?:all(?: privileges)?|select|insert|update|delete|execute|usage|dba|connect|create|super)(?: ?, ?\w{{1,20}}){{0,8}} (?:on [\w.*`]{{1,64}} (?:to|from)|(?:to|from) (?-i:\w{{1,64}}){_END})",
    ),
    rule(
        "MERGE or COPY",
        rf"\bmerge into {_NAME} using\b|\bcopy {_NAME}(?: ?\([^()]{{0,80}}\))? (?:from|to) (?:program|'|stdin)|\bload data (?:local )?infile\b|\bbulk insert {_NAME} from",
    ),
    # --- running
    rule(
        "a stacked statement",
        rf"['\"]\)? ?;\s?(?:{_WORD}|declare|shutdown|waitfor|copy|call|begin|commit|set)(?![\w-])|; ?(?-i:{_WORD.upper()}|DECLARE|SHUTDOWN|WAITFOR|COPY)\b|; ?shutdown\b",
    ),
    rule(
        "EXEC",
        r"(?<![\w.])exec(?:ute)?(?: immediate\b| ?\( ?['@n\"]| ?@| master\b| (?:xp|sp)(?:_|$)|/\*)|\b(?:xp_[a-z]{4,30}|sp_(?:execute\w{0,12}|oa\w{5,12}|password|configure|addextendedproc|makewebtask|help\w{0,12}|who))\b",
    ),
    rule(
        "a variable",
        r"\bdeclare @\w|\bset @\w{1,64} ?=|@@(?:version|servername|hostname|datadir|basedir|language|spid|global|microsoftversion|tmpdir|innodb\w{0,20})\b|\bprint @",
    ),
    rule(
        "a delay",
        r"\bwaitfor (?:delay|time) ?['\"(]|\bpg_sleep ?\(|\bbenchmark ?\( ?(?:\d|[a-z_]{2,12}\()|\bdbms_(?:pipe|lock|ldap|xml\w{0,10}|utility|java|scheduler|export\w{0,12})\.\w|\butl_(?:http|inaddr|file|smtp|tcp)\b",
    ),
    rule("a delay", rf"(?:{_LOGIC}|select|if ?\([^()]{{1,60}},|[=,|'*+-]|^\(?)[ (!~+'\"-]{{0,6}}sleep ?\( ?[\d_(]"),
    rule(
        "a dangerous function",
        r"(?<![\w.])(?:extractvalue|updatexml|load_file|load_extension|randomblob|lo_import|lo_export|query_to_xml|database_to_xml|name_const|polygon|multipoint|geometrycollection|linestring|exp|gtid_subset|row_count|elt|make_set|bfilename|tz_offset|json_keys) ?\( ?(?:~|\(|0x|\d|'|\"|cha?r\(|select\b|null|concat|[a-z_]{2,20}\()",
    ),
    rule(
        "characters by number",
        r"(?<![\w.])(?:n?cha?r|unhex|hex|nchr) ?\( ?(?:0x[0-9a-f]{2,64}|\d{1,3})(?: ?, ?(?:0x[0-9a-f]{2,64}|\d{1,3})){0,60} ?\) ?(?:\+|\|\||=|\)|,|;|$)|\b0x[0-9a-f]{16}",
    ),
    rule(
        "a conversion",
        r"\b(?:convert|cast|try_convert) ?\( ?(?:\(?select\b|@@|int ?,|cha?r ?\(|(?:current_)?user\b|version ?\(|chr|count)",
    ),
    rule(
        "CASE or IF",
        r"(?:\(|select |by |and |or |then |,)\( ?case when|\bcase when ?\(|\bcase when .{1,60} then .{1,60} else|\bii?f ?\( ?\(?['\"]?\w{1,30}['\"]?\)? ?[=<>]{1,2}",
    ),
    # --- conditions that are always true
    rule(
        "a condition of constants",
        rf"{_LOGIC}{_FILLER}\d{{1,12}}[ )'\"]{{0,4}}{_COMPARE}[ (n'\"@!~+-]{{0,5}}(?:\d|\(|select\b|null\b|true\b|false\b)",
    ),
    rule(
        "a condition of constants",
        rf"{_LOGIC}[ (!~+-]{{0,5}}n?(?P<quote>['\"]{{1,4}})[^'\"]{{0,40}}(?P=quote)?[ )]{{0,3}}{_COMPARE}[ (]{{0,3}}n?['\"(]",
    ),
    rule(
        "a condition of constants",
        rf"(?:{_FREE}(?:or|having|where|and)\b|\|\|)[ (+]{{1,3}}(?P<name>\w{{1,32}}) ?(?:=|like|<=>) ?(?P=name)(?:[ )]?(?:$|--|#|/\*)|\))",
    ),
    rule(
        "a condition of constants",
        rf"{_LOGIC}{_FILLER}(?:true|false|\d{{1,9}}|not false|null|exists|sqlite_version\(\)|@@version)[ )'\"]{{0,4}}(?:--(?:[ +'-]|$)|#|/\*|;%00)",
    ),
    rule(
        "a condition of constants",
        rf"^[ '\")\]\d]{{0,10}}{_LOGIC}[ (+]{{1,3}}(?:\d{{1,12}}|true|false|not|exists|\(exists\)|isnull ?\()(?:[)=<> (']|$|/\*)",
    ),
    rule(
        "a condition of constants",
        rf"{_LOGIC}[ (+]{{1,3}}(?:isnull|exists|not exists|ascii|substr\w{{0,4}}|length|mid|ord|hex|bin|count|rlike|if|elt|row|left|right|lower|upper) ?\( ?(?:\(|select|\d|'|database|user|version|password|@@|current_)",
    ),
    # --- a quote that ends the string early
    rule(
        "a quote and a condition",
        rf"['\"`][ )]{{0,4}}{_LOGIC}[ (!~+-]{{0,5}}(?:\d{{1,12}} ?(?:[=<>)*/|&-]|$)|(?:[\w.`]{{1,64}} ?(?:\([^()]{{0,60}}\) ?)?(?:[=<>!]{{1,2}} ?['\"\w(@]|(?:not )?like ?['\"(]|is (?:not )?null|in ?\(|between \d|r(?:egexp|like) ?['\"(]))|@@\w|exists ?\()",
    ),
    rule(
        "a quote and a condition",
        r"^[\w@. -]{0,40}['\"][ )]{0,4}(?:or|and|xor|\|\||&&|having|like|rlike|regexp|div|mod|in|between|group by|order by|union|limit|into|procedure|collate)(?![\w-])[ (+'\"]{0,5}(?:$|true|false|not\b|null|['\"%]|\d|\w{1,20} ?[=(<>])",
    ),
    rule(
        "a quote and a condition",
        r"['\"] ?(?:like|rlike|regexp) ?['\"][^'\"]{0,40}%|^['\"]{1,3} ?(?:[=+*/^&|%<>-]|<>|!=|div|mod|\|\|){1,2} ?['\"(\d]|^['\"] ?['\"]$",
    ),
    rule(
        "a quote and concatenation",
        r"['\"] ?(?:\|\||\+) ?(?:\(? ?select\b|\(|(?:n?cha?r|utl_|dbms_|version|user|database|pg_|ctxsys|case)\w{0,20}[. (])|^\|\| ?['\"(\d]|\|\|\( ?elt|['\"]\|\|['\"]",
    ),
    rule(
        "a quote and a comment",
        r"['\"`] ?[);]{0,4} ?(?:--(?=[ +'\"]?[-+ '\"]?$)|/\*|;%00|;?\x00$)|['\"`][);]{1,4} ?(?:--|#)|['\"](?:--(?:[ +-]|$)|#(?: |-|$))|['\"] #$|^[\w@.-]{1,40}['\"] ?(?:--|#|/\*)",
    ),
    rule(
        "a number and a comment",
        r"^-?\d{1,12}[)'\"]{0,4} ?;? ?(?:--[ +-]{0,3}$|#$|/\*)|^['\")]{1,4} ?;? ?--|^-- ?&|^(?:admin|root)\w{0,12} ?(?:--|#|/\*)",
    ),
)
