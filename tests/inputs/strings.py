"""Strings that somebody's code has stumbled over, to be sent in every field, parameter and header."""

STRINGS = [
    # nothing, and what looks like it
    *("", " ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", "\u180e", "null", "None"),
    *("undefined",),
    *("true", "false", "NaN", "nan", "Infinity", "-Infinity", "nil", "[]", "{}", '""', "''", "-", "--", ".", ".."),
    *("*", "X.*"),
    # what cannot be kept, or breaks lines and terminals
    *("\x00", "a\x00b", "\x01\x02\x1f", "\x7f", "\x85", "\x1b[31mred\x1b[0m", "a\rb", "a\nb", "a\u2028b", "a\u2029b"),
    *("\ud800", "\udfff", "a\udc00b", "\ud800\ud800", "\uffff", "\ufffe", "\ufdd0", "\ufffd", "\U0010ffff"),
    *("\U0001f600",),
    # how letters are written
    *("\u202eevil\u202c", "\u2066x\u2069", "\u200fשלום", "مرحبا", "日本語", "한국어", "ไทย", "Ω≈ç√", "ﬁ", "ſ", "K"),
    *("İstanbul",),
    *("ß", "ı", "e\u0301", "é", "a" + "\u0301" * 500, "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈", "\U000e0041", "аdmin"),
    *("ｅｃｈｏ", "Å"),
    # numbers, also in other scripts
    *("0", "-0", "00", "1", "-1", "+1", "1.0", "1.5", "1e3", "1e400", "-1e400", "1_000", "1,000", "0x10", "0b1"),
    *("1e", "１２"),
    *("٣٤", "१२", "Ⅷ", "½", "²", "9223372036854775807", "9223372036854775808", "18446744073709551616", "9" * 1_000),
    *("0" * 500,),
    *("2147483648", "-2147483649", "1" + "0" * 400, "." + "0" * 400 + "1", " 1 ", "1 ", "−1", "1.7976931348623157e309"),
    # times
    *("2026-01-31T12:00:00Z", "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("10000-01-01T00:00:00Z",),
    *("2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:59:60Z"),
    *("2026-01-01T00:00:00",),
    *("2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00-23:59", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00",),
    *("2026-01-01", "-2026-01-01T00:00:00Z", "now", "epoch", "infinity", "1700000000", "294277-01-01T00:00:00Z"),
    *("4714-11-24 BC",),
    *(
        "2026-01-01T00:00:00.123456789123Z",
        "2026-01-01T00:00:00 00:00",
        "２０２６-01-01T00:00:00Z",
        "2026-W01-1",
        "P1D",
    ),
    # ids
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    *("00000000000070008000000000000000",),
    *("{00000000-0000-7000-8000-000000000000}", "urn:uuid:00000000-0000-7000-8000-000000000000", "0000-00-00-00-000"),
    # other languages
    *("'", '"', "`", "\\", "/", "//", "'; DROP TABLE taskrunner_tasks; --", "1 OR 1=1", "1' AND pg_sleep(5) --"),
    *("$$;$$", "$1"),
    *("%s", "%d%n%s%p", "%(x)s", "{0}", "{0.__class__}", "${7*7}", "{{7*7}}", "#{1}", "$(id)", "`id`", "|id"),
    *("&&id", ";id"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "&lt;", "]]>", "<!--"),
    *("<?php",),
    *("=1+1", "@SUM(1)", "+cmd|'/C calc'!A0", "*)(uid=*", "' or '1'='1", "{$ne: 1}", '{"$gt":""}', "() { :;}; echo x"),
    *("../../etc/passwd", "..\\..\\x", "%2e%2e%2f", "/etc/passwd", "file:///etc/passwd", "C:\\x"),
    *("\\\\host\\share", "~root"),
    *("http://127.0.0.1/", "http://[::1]/", "http://user:pw@host/", "http://a b/", "//evil", "data:,x", "ftp://x"),
    *("http://☃.net",),
    *("a\r\nX-Injected: 1", "a\r\n\r\nHTTP/1.1 200 OK", "a,b", "a;b", "a=b&c=d", "a?b#c", "a%00b", "%", "%zz"),
    *("%u0041",),
    # patterns that regular expressions choke on, and sheer length
    *("a." * 2_000 + "!", "(" * 1_000, "a" * 64, "a" * 65, "a" * 256, "a" * 257, "a" * 3_000, "é" * 1_500),
    *("\U0001f600" * 600,),
    *("a." * 100, "-" * 300, "_" * 300, "." * 300, '"' * 300, "\\" * 1_001, "W/" * 500, '"a",' * 500, "[" * 500),
    *("{" * 500,),
]
STRINGS = list(dict.fromkeys(STRINGS))
# beyond what fits into an address
LONG = ["a" * 100_000, "é" * 50_000, "a." * 50_000, "\\u0000" * 10_000]

# written into addresses as they are; everything else is quoted
IN_ADDRESSES = [
    *("%", "%2", "%zz", "%00", "%ff", "%c0%80", "%ed%a0%80", "%0d%0aX:1", "%2e%2e%2f", "%252e", "+", "a+b", "&&"),
    *("=", ";"),
    *("a%26b", "%23", "%3f", "a&a=b", "[]", "[0]", "%u0041", "%F0%9F%98", "..", ".", "//", "%5c", "%09", "%20"),
    *("a%", "%e2%82"),
]
# values of headers that have a form of their own
IN_HEADERS = [
    *("*", '"a"', 'W/"a"', '"a", "b"', '"a', 'a"', '""', "W/", '"é"', '"\\""', "*, *", ",", ",,,", '"a" "b"'),
    *('"' + "a" * 8_000,),
    *("bytes=0-", "bytes=-0", "bytes=-1", "bytes=5-1", "bytes=0-0,1-1", "bytes=99999999999999999999-", "bytes=a-b"),
    *("bytes=",),
    *("bytes", "items=0-1", "bytes=0-99999999999999999999", "bytes = 0 - 1", "bytes=--1", "bytes=0-0-0"),
    *("BYTES=0-0", "bytes=+1-2"),
    *("wait=0", "wait=-1", "wait=", "wait=abc", "wait=1e9", 'wait="0"', "respond-async", "return=minimal"),
    *("wait=٣", "wait=0, wait=x"),
    *("application/json; charset=utf-8", "application/json; charset=nonsense", "application/json;;;"),
    *("APPLICATION/JSON", "text/plain"),
    *("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 300),
    *("application/xml",),
    *("multipart/form-data; boundary=é", "application/x-www-form-urlencoded", "application/json, text/html", "/"),
    *("a/b/c", "json"),
    *("application/json; charset*=utf-8''x", "application/json; charset*0=u", 'application/json; a="', "identity"),
    *("gzip", "br"),
    *("gzip, deflate", "Bearer", "Bearer ", "Basic YTpi", "bearer x y z", "Bearer tr_", "Bearer tr_a_b_c"),
    *("Token x", "null"),
    *("http://evil.example", "*/*;q=9", "en;q=" + "1" * 100, "127.0.0.1, evil", "k" * 255, "k" * 256, " k", "k "),
    *("k\tk", "é"),
]
