"""Shapes of what runs something: procedures, variables, functions that wait, read files or tell versions."""

from configapp.validation.rules import Rule, rule
from configapp.validation.sql.vocabulary import LOGIC

_NUMBER = r"(?:0x[0-9a-f]{2,64}|\d{1,3})"

FUNCTIONS: tuple[Rule, ...] = (
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
        rf"(?:{LOGIC}|select|if ?\([^()]{{1,60}},|[=,|'*+-]|^\(?)[ (!~+'\"-]{{0,6}}(?<![\w.])sleep ?\( ?[\d_(]",
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
