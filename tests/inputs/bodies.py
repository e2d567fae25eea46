"""Bodies that parsers disagree about, after the manner of JSONTestSuite: broken, borderline, and sound but odd.

Each fragment is sent by itself and as a value inside a body that would otherwise be accepted.
"""

import gzip
import json
import zlib

DEEP = 100_000
DOCUMENT = '{"type": "echo", "params": {"a": "é😀"}}'

NUMBERS = [
    *("-", "+", "--", "++", "+1", "-+1", "01", "-01", "00", "-00", "-0", "-0.0", "0", "0.0", "0e0", "0E-0", "0e"),
    *("0e+", "0.e1", "1.", ".5", "-.5", ".", "-.", "1e", "1E", "1e+", "1E-", "1.e5", "1e1.5", "1ee5", "e5", "E"),
    *(".e1", "0x1F", "0X1f", "0b1", "0o7", "0777", "1_000", "1L", "1f", "1d", "1n", "1a", "1.2.3", "1..2", "1,5"),
    *("1;5", "1#2", "1/2", "$1", "1%", "1e5", "1E1", "1e-5", "1.0", "1.5", "-1", "-1.5", "1e400", "-1e400"),
    *("1e-400", "1e99999999999999999999", "1e-99999999999999999999", "-1e99999", "1e308", "1.7976931348623157e308"),
    *("1.8e308", "5e-324", "2e-324", "1E+2", "9007199254740993", "9223372036854775807", "9223372036854775808"),
    *("-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616"),
    *("340282366920938463463374607431768211456", "123456789012345678901234567890", "0.1e1000", "1.23e67", "1e67"),
    *("NaN", "-NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "-inf", "INF", "1.#INF", "1.#QNAN", "１２"),
    *("٣", "१", "Ⅷ", "½", "一", "−1"),
]
LONG_NUMBERS = [
    "9" * 400_000,
    "-" + "9" * 400_000,
    "0." + "0" * 400_000 + "1",
    "1e" + "9" * 100_000,
    "1" + "0" * 309,
    "1" + "0" * 4_301,
    "0" * 1_000,
]
WORDS = [
    *("tru", "True", "TRUE", "fals", "False", "nul", "Null", "NULL", "None", "nil", "undefined", "yes", "no", "on"),
    *("off", "truefalse", "true1", "nulll", "[true]", "false]", "@", "~", "^", "`", "\\", "\\u0031"),
]
STRINGS = [
    *('"', '"a', 'a"', '"a" "b"', '"a"b', '"a""b"', "'a'", "`a`", "“a”", "«a»", '"\\"', '"\\', '"\\\\\\"', '"a\\'),
    *('""',),
    *('"\\u"', '"\\u1"', '"\\u12"', '"\\u123"', '"\\u123g"', '"\\u 123"', '"\\U00000041"', '"\\x41"', '"\\a"', '"\\0"'),
    *('"\\\'"', '"\\ "', '"\\é"', '"\\😀"', '"\\\n"', '"\\v"', '"\\e"', '"\\u{41}"', '"\\N{DIGIT ONE}"', '"\\101"'),
    *('"\\u0000"', '"\\u0001"', '"\\u001f"', '"\\u007f"', '"\\u0085"', '"\\u2028"', '"\\ufeff"', '"\\uffff"'),
    *('"\\ufdd0"',),
    *('"\\ud800"', '"\\udc00"', '"\\uD800\\uD800"', '"\\uDC00\\uD800"', '"\\ud800\\u0041"', '"\\ud800a"'),
    *('"\\ud83d\\ude00"',),
    *('"\\ud834\\udd1e"', '"\\udbff\\udfff"', '"\\ud800\\"', '"\\ud800\\u"', '"\\ud800\\ud80"', '"\\uDBFF\\uD800"'),
    *('"\\/"', '"/"', '"\\b\\f\\n\\r\\t"', '"\u2028\u2029"', '"\ufeff"', '"\u200b"', '"\u202e"', '"e\u0301"'),
    *('"\U0010ffff"',),
    *('"' + "a" * 300_000 + '"', '"' + "\\u0041" * 50_000 + '"', '"' + '\\"' * 100_000, '"' + "😀" * 50_000 + '"'),
    *(f'"a{chr(code)}b"' for code in (*range(32), 127)),
]
STRUCTURES = [
    *("[", "]", "{", "}", "[[", "]]", "[]]", "[[]", "{}}", "{{}", "[}", "{]", "[1,", "[1", "[,", "[,1]", "[1,,2]"),
    *("[1,]",),
    *("[1 2]", "[1;2]", "[1:2]", '["a":1]', "[a]", "[1]x", "[1] 2", "[][]", "{}{}", "{} []", '{"a"', '{"a":', '{"a":1'),
    *('{"a"}', '{"a":}', '{"a":1,}', '{"a":1,,"b":2}', "{,}", '{,"a":1}', "{:1}", '{"a"::1}', '{"a",1}', '{"a" 1}'),
    *("{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{[1]:1}", '{"a":1 "b":2}', '{"a":1;"b":2}', '{"a"=1}', '{"a"=>1}'),
    *('{"a":1}x', '{"a":1}}', '{"a":1}#', '{"a":1}//', '{"a":1}/**/', '/**/{"a":1}', '{/**/"a":1}', '{"a"/**/:1}'),
    *('{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":1}}', '[{"a":1,"a":1}]', '{"":1,"":2}', '{"":0}', "{}"),
    *('{"__proto__":{"x":1}}', '{"constructor":1}', '{"$ref":"#"}', '{"a":[]}', "[]", "[[]]", "[null]", "[{}]"),
    *("[{},]",),
    *("#", ";", ",", ":", "*", "!", "<a/>", "<!DOCTYPE x>", "a=1&b=2", "--x", "%PDF-1.4", "$(id)", "{{7*7}}", "${7*7}"),
    *('{"a":' * 31 + "1" + "}" * 31, '{"a":' * 32 + "1" + "}" * 32, '{"a":' * 33 + "1" + "}" * 33, '{"a":' * DEEP),
    *("[" * 31 + "]" * 31, "[" * 32 + "]" * 32, "[" * 33 + "]" * 33, "[" * 1_000 + "]" * 1_000, "[" * DEEP, "]" * DEEP),
    *("[" * DEEP + "]" * DEEP, '[{"a":' * 50_000, "[" * 32 + "{" + "]" * 32, '["[[[[", ' + "[" * 40 + "]" * 40 + "]"),
    *("[" + "1," * 100_000 + "1]", "[" + "[]," * 100_000 + "[]]", "[" + "," * 100_000 + "]"),
    "{" + ",".join(f'"k{number}":1' for number in range(20_000)) + "}",
]
SPACES = [
    *("", " ", "\n", "\t\r\n ", "\v{}", "\f{}", "\u00a0{}", "\u2028{}", "\u3000{}", "\u200b{}", "{}\u00a0"),
    *("{}\x00", "\x00"),
    *(" " * 500_000, "{}" + " " * 500_000, "\n" * 100_000 + "{}", " {} ", "\r{}\r", "\x1f{}", "\x85{}", "\u180e{}"),
    *("{}\x1a",),
]
NOT_UTF8 = [
    *(b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3(", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe2\x82"),
    *(b"\xe2(",),
    *(b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf"),
    *(b"\xf0\x9f\x98",),
    *(b"\xf0\x9f", b"\xf0(\x8c(", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80"),
    *(b"\xfc\x84\x80\x80\x80\x80",),
    *(b"\xfe", b"\xff", b"\xff\xfe", b"\xfe\xff", b"\xe9", b"\x93a\x94", b"\xa4", b"\x1b$B", b"\x81", b"\xc0\xaf"),
    *(b"\xe0\x80\xaf",),
]
ENCODINGS = [
    *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7", "utf-8-sig"),
]
NARROW = [
    *(
        "latin-1",
        "cp500",
        "cp1252",
        "iso8859-15",
        "mac-roman",
        "cp437",
        "koi8-r",
        "shift-jis",
        "euc-kr",
        "gb18030",
        "hz",
    ),
    *("iso2022-jp",),
]


def _whole() -> list[bytes]:
    """Bodies that are sent as they are."""
    narrow = '{"type": "echo", "params": {"a": "é"}}'
    sound = DOCUMENT.encode()
    return [
        *(each.encode() for each in [*NUMBERS, *LONG_NUMBERS, *WORDS, *STRINGS, *STRUCTURES, *SPACES]),
        *(b'{"type": "ec' + piece + b'ho"}' for piece in NOT_UTF8),
        *(b'{"params": {"' + piece + b'": 1}}' for piece in NOT_UTF8[:10]),
        *(DOCUMENT.encode(encoding) for encoding in ENCODINGS),
        *(narrow.encode(encoding, "replace") for encoding in NARROW),
        *(
            b"\xef\xbb\xbf\xef\xbb\xbf{}",
            b"{\xef\xbb\xbf}",
            b"\xef\xbb{}",
            b"\xef\xbb\xbf",
            b"\xff\xfe{}",
            b"\x00{\x00}",
        ),
        *(gzip.compress(sound, mtime=0), zlib.compress(sound), sound + sound, sound + b"\n" + sound, b"\x1e" + sound),
        *(sound[:end] for end in range(1, len(sound), 3)),
        *(
            bytes(range(256)),
            b"\x89PNG\r\n\x1a\n",
            b"--b\r\n\r\nx\r\n--b--\r\n",
            b"a=1",
            b"null",
            b"true",
            b"1",
            b'"a"',
        ),
    ]


def _as_value() -> list[bytes]:
    """The same as a parameter of a task."""
    fragments = [*NUMBERS, *LONG_NUMBERS[:2], *WORDS, *STRINGS, *STRUCTURES[: STRUCTURES.index("#")]]
    return [f'{{"type": "echo", "params": {{"a": {each}}}}}'.encode() for each in fragments]


BODIES = list(dict.fromkeys([*_whole(), *_as_value()]))
VALUES = [json.loads(text) for text in ("null", "true", "0", "-1", "1.5", "1e300", "[]", "{}", '[""]', '{"a":{}}')]
