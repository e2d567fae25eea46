"""Shapes of script and markup injection."""

from configapp.validation.injection.rules import Rule, rule

# Elements that run or load something by being there, and that nobody writes as a <placeholder>
_ACTIVE = (
    "script|iframe|frame|frameset|embed|applet|svg|math|img|audio|video|body|html|style|meta|base|bgsound|isindex|"
    "keygen|marquee|layer|ilayer|noscript|noembed|xml|xss|textarea|plaintext|xmp|animate|animatetransform|"
    "foreignobject|handler|listener|br|hr"
)
# The rest of HTML: <link> may be a placeholder; it is markup with an attribute or when it closes
_ELEMENT = (
    "a|abbr|acronym|address|area|article|aside|b|bdi|bdo|big|blink|blockquote|button|canvas|center|cite|code|col|"
    "colgroup|content|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|fieldset|figcaption|figure|font|footer|"
    "form|h[1-6]|head|header|i|image|input|ins|kbd|label|legend|li|link|main|map|mark|menu|menuitem|meter|nav|nobr|"
    "object|ol|optgroup|option|output|p|param|picture|portal|pre|progress|q|rb|rp|rt|ruby|s|samp|section|select|"
    "shadow|slot|small|source|span|strike|strong|sub|summary|sup|table|tbody|td|template|tfoot|th|thead|time|title|tr|"
    "track|tt|u|ul|var|wbr"
)
_EVENT = (
    "on(?:abort|activate|animation\\w{3,9}|auxclick|before\\w{3,16}|begin|blur|bounce|canplay\\w{0,7}|change|click|"
    "close|contextmenu|copy|cut|dblclick|drag\\w{0,5}|drop|durationchange|end|ended|error|finish|focus\\w{0,3}|"
    "fullscreenchange|hashchange|help|input|invalid|key(?:down|press|up)|load\\w{0,10}|message|mouse\\w{2,5}|offline|"
    "online|page\\w{4}|paste|pause|play\\w{0,4}|pointer\\w{2,14}|popstate|progress|readystatechange|repeat|reset|"
    "resize|scroll\\w{0,12}|search|seek\\w{2,3}|select\\w{0,6}|show|start|storage|submit|suspend|timeupdate|toggle|"
    "touch\\w{3,6}|transition\\w{3,6}|unload|volumechange|waiting|wheel)"
)
_SPACED = " ?".join  # browsers skip white space inside a scheme

MARKUP: tuple[Rule, ...] = (
    # <script, </script, < script, <x:script
    rule("a script element", r"< ?/?[ /]?(?:\w{1,16}:)?script(?![\w-])"),
    rule("an active element", rf"</?(?:\w{{1,16}}:)?(?:{_ACTIVE})(?=[ />\"'=<\[]|$)"),
    # <anything onwhatever=
    rule("an event handler", r"<[\w/!?%:.-].{0,200}?[ /\"'`]on[a-z]{3,30} ?="),
    # " onfocus=alert(1) breaks out of an attribute: its element begins outside the value
    rule("an event handler", rf"(?:^|[\"'`/>\\] ?| )(?:autofocus[ /])?{_EVENT} ?= ?\S"),
    # <a href=, <x style=, <td background=
    rule("an element with attributes", rf"<(?:{_ELEMENT})[ /]{{1,2}}[\"'/ ]{{0,3}}[a-z][\w:-]{{1,30}} ?="),
    rule(
        "an element with attributes",
        r"<[a-z][\w:.-]{0,30}[ /][^<>]{0,120}",
        r"\b(?:href|src|srcdoc|style|action|formaction|data|background|dynsrc|lowsrc|poster|xmlns|xlink:href) ?=",
    ),
    rule("a closing tag", rf"</ ?(?:{_ELEMENT}) ?(?:>|$)"),
    # javascript:alert(1), also with white space between; "JavaScript: the basics" is prose
    rule("a script address", _SPACED("javascript"), r" ?: ?(?=\S{0,80}[(\[`=/%\\;]|void\b)"),
    rule("a script address", r"\b(?-i:javascript):(?=\w)"),
    rule("a script address", r"\b(?:", _SPACED("vbscript"), "|", _SPACED("livescript"), r"|mocha) ?: ?[\w(\[\"']"),
    rule("a document in an address", r"\bdata ?: ?(?:text/(?:html|xml|javascript)|image/svg|application/x)"),
    rule("a script in an address", r"(?:src|href|action|data)[\w:]{0,10} ?= ?[\"'`]? ?data:"),
    # style sheets that load or run something
    rule("a style that runs", r":\s?expression ?\(|-moz-binding ?:|behaviou?r ?: ?url|@import ?(?:[\"']|url)"),
    rule("a style that runs", r"\burl ?\( ?[\"']?(?:javascript|data:text)"),
    # <!-- --> <![CDATA[ <!DOCTYPE <!ENTITY <?xml <?php <% %>, and < in UTF-7
    rule("a markup declaration", r"<!(?:--|\[|doctype|entity|element|attlist)|<\?(?:xml|php|=|import)|<%[ =@!]|]]>"),
    rule("a markup declaration", r"\+ADw-"),
    # calls that only scripts make: alert(1), alert`1`, eval('…, top["al"+"ert"](1), document.cookie
    rule("a script call", r"(?<![\w.])(?:alert|confirm|prompt)\)?(?:\?\.)?(?:`|\((?!e?s\)|ed\)|\)))"),
    rule(
        "a script call",
        r"(?<![\w.])(?:eval|atob|execscript|setinterval|settimeout) ?",
        r"(?:`|\( ?(?:[\"'`\[/]|alert|atob|\w{1,20}[.(]))",
    ),
    rule("a script call", r"\b(?:window|self|top|parent|frames|globalthis|this) ?\[ ?(?:[\"'`/]|\d{1,9} ?\.)"),
    rule("a script call", r"\bdocument ?(?:\. ?(?:cookie|domain|location|write|body|url|forms)\b|\[)"),
    rule("a script call", r"\b(?:window|self|top|parent) ?\. ?(?:location|open|name|onerror|alert|eval)\b"),
    rule("a script call", r"\bstring\.fromcharcode|\bimport ?\( ?[\"'`]"),
    rule("a script call", r"\bconstructor ?[.\[( ]{1,2} ?[\"'`]?constructor|\]\[[\"']constructor"),
    rule("a script call", r"(?:constructor|function)(?:`| ?\( ?[\"'`][^\"'`]{0,80}[\"'`] ?\) ?\()"),
    rule("a script call", r"\b(?:innerhtml|outerhtml) ?=|\blocation ?(?:\. ?(?:hash|href ?=)|= ?[\"'`])"),
    rule("a script call", r"[=\[(]alert[,\])}]|\bthrow[ /({]?(?:onerror|alert)\b|\bonerror ?= ?(?:alert|eval)"),
)
