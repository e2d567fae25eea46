"""Shapes of conditions that are always true, or always false: they compare constants."""

from configapp.validation.rules import Rule, rule
from configapp.validation.sql.vocabulary import COMMENT, COMPARE, FREE, LOGIC

_OPENING = r"[ (!~+@'\"-]{0,8}"

CONDITIONS: tuple[Rule, ...] = (
    # or 1=1, and '1' = 2, or 5 between 1 and 9; "5 < 6 and 7 > 3" is arithmetic
    rule(
        "a condition of constants",
        rf"{LOGIC}{_OPENING}(?:\d{{1,12}}|0x[0-9a-f]{{2,64}})[ )'\"]{{0,4}}(?!<\s|>\s){COMPARE}[ (n'\"@!~+-]{{0,5}}",
        r"(?:\d|\(|select\b|null\b|true\b|false\b)",
    ),
    # or 'a'='a, or ""=", and 'a' like n'a
    rule(
        "a condition of constants",
        rf"(?!not){LOGIC}[ (!~+-]{{0,5}}n?(?P<quote>['\"]{{1,4}})[^'\"]{{0,40}}(?P=quote)[ )]{{0,3}}",
        rf"{COMPARE}[ (]{{0,3}}n?['\"(]",
    ),
    # or a=a
    rule(
        "a condition of constants",
        rf"(?:{FREE}(?:or|having|where|and)\b|\|\|)[ (+]{{1,3}}(?P<name>\w{{1,32}}) ?(?:=|like|<=>) ?(?P=name)",
        r"(?:[ )]?(?:$|--|#|/\*)|\))",
    ),
    # or true--
    rule(
        "a condition of constants",
        rf"{LOGIC}{_OPENING}(?:true|false|\d{{1,9}}|not false|null|exists|@@version)[ )'\"]{{0,4}}{COMMENT}",
    ),
    # the whole text is a condition: or 1, or (exists)
    rule(
        "a condition of constants",
        rf"^[ '\")\]\d]{{0,10}}{LOGIC}[ (+]{{1,3}}(?:\d{{1,12}}|true|false|\(?exists\)?|isnull ?\()[ )]?",
        r"(?:[=<>']|$|/\*)",
    ),
    # and ascii(substr(…
    rule(
        "a condition on a function",
        rf"{LOGIC}[ (+]{{1,3}}(?:isnull|exists|not exists|ascii|substr\w{{0,4}}|length|mid|ord|hex|bin|count|if|elt|",
        r"row|left|right|lower|upper) ?",
        r"\( ?(?:\(|select|\d|'|database|user|version|password|@@|current_|lower|upper|mid|substr|concat)",
    ),
    rule("a condition on a function", rf"{LOGIC} user_name ?\(|\blike ?cha?r ?\("),
)
