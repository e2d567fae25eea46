"""Bytes become text by the labels and decoders of the Encoding Standard and the sources of the HTML Standard."""

import pytest

from workloads.fetch.charset import decode
from workloads.fetch.extraction import media_type

HTML, XHTML, XML, PLAIN = "text/html", "application/xhtml+xml", "text/xml", "text/plain"

# The label in the header, bytes, and what the standard makes of them. Those of one encoding are in one group.
LABELS = [
    # gb2312 is GBK, whose decoder is that of gb18030
    *((label, b"\x81\x40\x80", "丂€") for label in ("gb2312", "GBK", "chinese", "x-gbk", "gb_2312-80")),
    ("gb18030", b"\x94\x39\xda\x33", "💩"),
    ("gb2312", b"\xa8\xbc\x81\x35\xf4\x37", "ḿ\ue7c7"),
    # shift_jis is windows-31j
    *((label, b"\x87\x40\xfa\x40", "①ⅰ") for label in ("shift_jis", "Shift-JIS", "sjis", "x-sjis", "ms_kanji")),
    ("windows-31j", b"\x81\x60\x5c\xf0\x40", "～\\\ue000"),
    # euc-kr is windows-949
    *((label, b"\x8c\x63", "똠") for label in ("euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949")),
    # big5 is the one of Hong Kong, and has two letters under one code
    *((label, b"\x87\x40\xf9\xd6", "䏰碁") for label in ("big5", "big5-hkscs", "x-x-big5", "cn-big5")),
    ("big5", b"\x88\x62\xa1\x45", "Ê̄‧"),
    # iso-8859-9 is windows-1254, tis-620 windows-874, iso-8859-1 and ASCII windows-1252
    *((label, b"\x80\xfe\x9f", "€şŸ") for label in ("iso-8859-9", "latin5", "windows-1254")),
    *((label, b"\x80\xa1\xfc", "€ก\ufffd") for label in ("tis-620", "iso-8859-11", "windows-874")),
    *((label, b"\x93x\x94\x81", "“x”\x81") for label in ("iso-8859-1", "latin1", "us-ascii", "ascii", "l1")),
    # where Python's tables are others
    ("euc-jp", b"\xad\xa1\x8f\xb0\xa1\xa1\xc1", "①丂～"),
    ("iso-2022-jp", b"\x1b$B$\x22\x1b(Ba", "あa"),
    ("koi8-u", b"\xae\xbe\xc1", "ўЎа"),
    ("koi8-ru", b"\xae", "ў"),
    ("koi8-r", b"\xc1\xae", "а╝"),
    ("x-mac-cyrillic", b"\xff\xa2", "€Ґ"),
    ("macintosh", b"\xdb\x8e", "€é"),
    ("windows-1253", b"\xaa\x81", "\ufffd\x81"),
    ("windows-1255", b"\xca\xe0", "\u05baא"),
    ("windows-1251", b"\xcf\x98", "П\x98"),
    ("ibm866", b"\x80", "А"),
    ("cp866", b"\xe1", "с"),
    *((label, b"\xe0\xe1", "אב") for label in ("iso-8859-8", "iso-8859-8-i", "logical", "visual")),
    ("iso-8859-15", b"\xa4", "€"),
    ("iso-8859-16", b"\xa4", "€"),
    ("utf8", b"\xc3\xa9", "é"),
    ("unicode-1-1-utf-8", b"\xc3\xa9", "é"),
    (" UTF-8\t", b"\xc3\xa9", "é"),
    *((label, b"\xe9\0", "é") for label in ("utf-16", "utf-16le", "ucs-2", "unicode")),
    ("utf-16be", b"\0\xe9", "é"),
    ("x-user-defined", b"a\x80", "a\uf780"),
    *((label, b"anything", "\ufffd") for label in ("iso-2022-kr", "hz-gb-2312", "iso-2022-cn")),
]

# Broken bytes, and how many U+FFFD stand for them; an ASCII byte is never lost with the one before it.
BROKEN = [
    ("utf-8", b"a\xffb", "a\ufffdb"),
    ("utf-8", b"\xe2\x82", "\ufffd"),
    ("utf-8", b"\xf0\x80\x80\x41", "\ufffd\ufffd\ufffdA"),
    ("utf-8", b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    ("big5", b"\x81A", "\ufffdA"),
    ("big5", b"\x81\xff", "\ufffd"),
    ("shift_jis", b"\x81<b>", "\ufffd<b>"),
    ("euc-kr", b"\xc8<", "\ufffd<"),
    ("gbk", b"\x81\x30<", "\ufffd0<"),
    ("utf-16le", b"\x00\xd8a\x00", "\ufffda"),
    ("utf-16le", b"a\x00b", "a\ufffd"),
]

# The type, the header, the page, and the encoding that it is to be read in.
SOURCES = [
    # a byte order mark is above all
    (HTML, "windows-1251", b"\xef\xbb\xbf<meta charset=gbk>", "utf-8"),
    (PLAIN, "windows-1251", b"\xef\xbb\xbf", "utf-8"),
    (XML, "koi8-r", b"\xef\xbb\xbf<?xml version='1.0' encoding='gbk'?>", "utf-8"),
    # then the header, where its label is one
    (HTML, "utf-8", b"<meta charset=windows-1251>", "utf-8"),
    (HTML, "windows-1251", b"<?xml version='1.0' encoding='utf-8'?>", "windows-1251"),
    *(
        (HTML, label, b"<meta charset=koi8-r>", "koi8-r")
        for label in ("bogus", "utf-7", "utf_8", "cp437", "é", "\ud800")
    ),
    # then a <meta>
    (HTML, None, b"<meta charset=windows-1251>", "windows-1251"),
    (HTML, None, b"<META  CharSet = 'Windows-1251' />", "windows-1251"),
    (HTML, None, b"<meta/charset=windows-1251>", "windows-1251"),
    (HTML, None, b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "windows-1251"),
    (HTML, None, b"<meta content=\"text/html;charset = 'windows-1251'\" http-equiv=content-type>", "windows-1251"),
    (HTML, None, b'<meta content="text/html; charset=windows-1251">', "utf-8"),
    (HTML, None, b'<meta http-equiv=refresh content="text/html; charset=windows-1251">', "utf-8"),
    (HTML, None, b'<meta name=charset content="windows-1251">', "utf-8"),
    (HTML, None, b'<meta name=description content="<meta charset=windows-1251>">', "utf-8"),
    (HTML, None, b"<meta data-charset=windows-1251>", "utf-8"),
    (HTML, None, b"<meta charset=koi8-r charset=windows-1251>", "koi8-r"),
    (HTML, None, b"<meta charset=bogus><meta charset=windows-1251>", "windows-1251"),
    (HTML, None, b"<meta charset=windows-1251><meta charset=koi8-r>", "windows-1251"),
    (HTML, None, b"<meta charset=utf-16><p>", "utf-8"),
    (HTML, None, b"<meta charset=utf-16be><p>", "utf-8"),
    (HTML, None, b"<meta charset=x-user-defined>\xff\xff\xff", "windows-1252"),
    # which is none in a comment, a script, a style, a title or another attribute
    (HTML, None, b"<!-- <meta charset=windows-1251> -->", "utf-8"),
    (HTML, None, b"<!-- > <meta charset=windows-1251> --><meta charset=koi8-r>", "koi8-r"),
    (HTML, None, b"<script>'<meta charset=windows-1251>'</script>", "utf-8"),
    (HTML, None, b"<style><meta charset=windows-1251></style>", "utf-8"),
    (HTML, None, b"<title><meta charset=windows-1251></title>", "utf-8"),
    (HTML, None, b"<textarea><meta charset=windows-1251></textarea>", "utf-8"),
    (HTML, None, b'<a title="<meta charset=windows-1251>">', "utf-8"),
    (HTML, None, b"</meta charset=windows-1251>", "utf-8"),
    # before 1024 bytes and behind them, where a browser begins again
    (HTML, None, b"<!--" + b"x" * 900 + b"--><meta charset=windows-1251>", "windows-1251"),
    (HTML, None, b"<!--" + b"x" * 5000 + b"--><meta charset=windows-1251>", "windows-1251"),
    (HTML, None, b"<meta name=d content='" + b"x" * 1100 + b"' charset=windows-1251>", "windows-1251"),
    # then an XML declaration, at the very beginning
    (HTML, None, b"<?xml version='1.0' encoding='windows-1251'?>", "windows-1251"),
    (HTML, None, b'<?xml version="1.0" encoding = "windows-1251" ?>', "windows-1251"),
    (HTML, None, b"<?xml version='1.0' encoding='windows-1251'?><meta charset=koi8-r>", "koi8-r"),
    (HTML, None, b" <?xml version='1.0' encoding='windows-1251'?>", "utf-8"),
    (HTML, None, b"<?xml version='1.0' encoding='utf-16'?>", "utf-8"),
    (HTML, None, b"<?xml version='1.0' encoding='bogus'?>", "utf-8"),
    # which XML reads first, and no <meta> unless it is a page
    (XHTML, None, b"<?xml version='1.0' encoding='windows-1251'?><meta charset='koi8-r'/>", "windows-1251"),
    (XHTML, None, b"<meta charset='koi8-r'/>", "koi8-r"),
    (XML, None, b"<?xml version='1.0' encoding='windows-1251'?>", "windows-1251"),
    ("application/xml", None, b"<meta charset='koi8-r'/>", "utf-8"),
    # plain text says nothing of itself
    (PLAIN, None, b"<meta charset=windows-1251>", "utf-8"),
    (PLAIN, None, b"<?xml version='1.0' encoding='windows-1251'?>", "utf-8"),
    ("application/json", None, b'"<meta charset=windows-1251>"', "utf-8"),
]


@pytest.mark.parametrize(("label", "body", "text"), LABELS + BROKEN)
def test_a_label_names_the_encoding_of_the_standard(label, body, text):
    assert decode(body, PLAIN, label) == text


@pytest.mark.parametrize(("content_type", "charset", "page", "encoding"), SOURCES)
def test_a_page_is_read_in_the_encoding_that_it_declares(content_type, charset, page, encoding):
    letter = "ß" if encoding == "windows-1252" else "Я"
    assert decode(page + b"|" + letter.encode(encoding), content_type, charset).endswith(f"|{letter}")


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_of_utf_16_is_above_the_header(mark):
    assert decode("\ufeff<p>Я".encode(mark), HTML, "utf-8") == "<p>Я"
    assert decode("<?xml version='1.0'?><p>Я".encode(mark), HTML, None).endswith("<p>Я")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"plain", "plain"),
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "café"),
        (b"\x93quoted\x94 \x96 \x80", "“quoted” – €"),
        (b"caf\xc3\xa9 \xff", "café \ufffd"),  # one broken byte
        ("Größe, Übermut, Ärger".encode() + b"\xe4", "Größe, Übermut, Ärger\ufffd"),
        ("日本語".encode()[:-1], "日本\ufffd"),  # cut off
        (b"Gr\xf6\xdfe, \xdcbermut, \xc3\xa4rger", "Größe, Übermut, Ã¤rger"),  # one that happens to be UTF-8
    ],
)
def test_what_nobody_declares_is_utf_8_unless_most_of_it_cannot_be(body, text):
    assert decode(body, HTML, None) == text
    assert decode(body, PLAIN, "bogus") == text


@pytest.mark.parametrize("parameters", ["charset*=1; charset*0*=2", "charset*=x''%41", "charset*1=x", 'charset="'])
def test_a_header_that_makes_no_sense_names_no_encoding(parameters):
    found, charset = media_type(f"text/html; {parameters}")
    assert (found, decode(b"caf\xc3\xa9", found, charset)) == (HTML, "café")


def test_the_declaration_of_a_fetched_page_is_found(worker, server):
    page = "<html><head><script>'<meta charset=gbk>'</script><meta charset=shift_jis></head><p>①から</p></html>"
    task = worker.fetch(server.page("/", page.encode("cp932"), "text/html"), store_raw_html=True)
    assert task.result["summary"].endswith(": 3 characters")
