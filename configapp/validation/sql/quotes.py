"""Shapes of quotes that end the string they stand in, and go on as SQL.

Prose quotes too: 'or', "limit". So what follows the quote must be more than a word.
"""

from configapp.validation.rules import Rule, rule
from configapp.validation.sql.vocabulary import COLUMN

_LOGIC = r"(?:(?:or|and|xor|having)\b|\|\||&&)"
_CLAUSE = "(?:or|and|xor|having|like|rlike|regexp|div|mod|in|between|group by|order by|union|limit|into|procedure)"

QUOTES: tuple[Rule, ...] = (
    # ' or 1, ' and name = 'x, " or length(name)=3, ' or name is null
    rule(
        "a quote and a condition",
        rf"['\"][ )]{{0,4}}{_LOGIC}[ (!~+-]{{0,5}}\d{{1,12}} ?(?:[=<>*/|&-]|$|(?:or|and) ['\"]$)",
    ),
    rule(
        "a quote and a condition",
        rf"['\"][ )]{{0,4}}{_LOGIC}[ (!~+-]{{0,5}}{COLUMN} ?(?:\([^()]{{0,60}}\) ?)?",
        r"(?:[=<>!]{1,2} ?['\"\w(@]|(?:not )?like ?['\"(]|is (?:not )?null|in ?\(|between \d|r(?:egexp|like) ?['\"(])",
    ),
    rule("a quote and a condition", rf"['\"][ )]{{0,4}}{_LOGIC}[ (!~+-]{{0,5}}(?:@@\w|exists ?\()"),
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
