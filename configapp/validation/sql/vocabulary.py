"""The words that the shapes of SQL are made of."""

KEYWORD = "(?:select|union|insert|update|delete|drop|alter|create|truncate|exec|execute|grant|revoke|merge)"

# A keyword may follow a digit, a quote or a bracket (1union, 'or, )or), but not a letter
FREE = "(?<![A-Za-z_$-])"

# Where a statement may begin; the verbs of prose stand elsewhere, or are capitalised
BEGIN = r"(?:^|[;'\"()=,|&`\d] ?)"
END = r" ?(?:;|--|#|/\*|'|\"|\)|,|$)"

# A table or column. The words of English that follow "from", "update" and "drop" are none
NAME = (
    r"(?!(?:a|an|the|this|that|these|those|your|our|my|his|her|its|their|each|every|any|all|some|one|two|three|here|"
    r"there|which|what|both|either|several|many|more|other|another|of|to|in|on|at|by|for|with|as|or|and|is|are|was|"
    r"be|statements?|clauses?|keywords?|syntax|commands?|quer(?:y|ies)|operations?|privileges?)\b)"
    r"[\[`\"]?[@#\w][\w$.*@`\"\[\]]{0,80}"
)
COLUMN = r"[\w.`\"\[\]@]{1,64}"

LOGIC = rf"(?:{FREE}(?:or|and|xor|having|where|not|div)\b|\|\||&&)"
COMPARE = (
    r"(?:<=>|<>|!=|<=|>=|==|=|<(?!<)|>(?!>)|"
    r"\b(?:not )?(?:like|rlike|regexp|in|between|sounds like)\b|\bis (?:not )?(?=null|true|false))"
)
# What ends an injected condition: the rest of the statement becomes a comment
COMMENT = r"(?:--(?=[ +'-]|$)|#|/\*|;? ?%00|;$)"
