"""Whatever a server sends, a fetch ends in time, in bounds, and with a reason."""

import gzip
import resource
import threading
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fetch.conftest import ALLOWED
from workloads.fetch.charset import decode
from workloads.fetch.extraction import ContentTypeNotAllowed, NoExtractableText, extract, media_type
from workloads.safe_http import BodyTooLarge, Unreachable, Unusable, get, parse

MEGABYTE = 2**20


def fetch(url, **options):
    return get(parse(url), allowed_networks=ALLOWED, **options)


def bomb(megabytes):
    """Zeros without end, compressed a thousandfold."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)), packer.flush()])


def test_compressed_pages_are_unpacked(server):
    for encoding, body in (("gzip", gzip.compress(b"hello")), ("deflate", zlib.compress(b"hello"))):
        assert fetch(server.page(f"/{encoding}", body, Content_Encoding=encoding)).body == b"hello"


def test_a_bomb_is_noticed_before_it_fills_the_memory(server):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BodyTooLarge, match="larger than 25 MB, decompressed"):
        fetch(server.page("/", bomb(600), Content_Encoding="gzip"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # kilobytes


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "gzip, gzip", "gzip, gzip, gzip, gzip", "compress", "rot13", "x" * 999]
)
def test_other_encodings_are_refused(server, encoding):
    with pytest.raises(Unusable, match="encoded as"):
        fetch(server.page("/", bomb(1), Content_Encoding=encoding))


def test_broken_compression_is_no_answer(server):
    with pytest.raises(Unreachable):
        fetch(server.page("/", b"no gzip at all", Content_Encoding="gzip"))


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(server, announced):
    def endless(exchange):
        length = f"Content-Length: {2**40}\r\n" if announced else ""
        exchange.send(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode())
        while True:
            exchange.send(bytes(MEGABYTE))

    with pytest.raises(BodyTooLarge):
        fetch(server.script("/", endless))


def test_chunks_without_end_are_refused(server):
    def endless(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            exchange.send(b"100000\r\n" + bytes(MEGABYTE) + b"\r\n")

    with pytest.raises(BodyTooLarge):
        fetch(server.script("/", endless))


DRIPS = {
    "status line": (b"", b"H"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a"),
    "more headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    "endless body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "silence": (b"", b""),
}


@pytest.mark.parametrize("part", DRIPS)
def test_a_server_that_drips_is_left_when_the_time_is_over(server, part):
    """Each byte comes well before any time-out of a single read; only the deadline of the whole ends it."""
    start, drop = DRIPS[part]
    left = threading.Event()

    def drip(exchange):
        exchange.send(start)
        while not left.wait(0.02):
            exchange.send(drop)

    try:
        with pytest.raises(Unreachable):
            fetch(server.script("/", drip), seconds=1.0)
    finally:
        left.set()


def test_a_tls_server_that_drips_is_left_too(tls, names):
    names.say("secure.example", ["127.0.0.2"])
    left = threading.Event()

    def drip(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\n")
        while not left.wait(0.02):
            exchange.send(b"a")

    tls.script("/", drip)
    try:
        with pytest.raises(Unreachable):
            fetch(f"https://secure.example:{tls.port}/", seconds=1.0)
    finally:
        left.set()


def test_the_deadline_is_one_for_all_redirects(server):
    waits = threading.Event()

    def slow(exchange):
        waits.wait(0.4)
        exchange.answer(status="302 Found", Location="/")

    server.script("/", slow)
    with pytest.raises(Unreachable):
        fetch(f"{server.url}/", seconds=1.0)  # four hops would take 1.6 s and end in TooManyRedirects
    waits.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * 100_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x16\x03\x01\x00\x00" * 50,
    ],
)
def test_a_wrong_answer_is_no_answer(server, answer):
    with pytest.raises(Unreachable):
        fetch(server.script("/", lambda exchange: exchange.send(answer)))


@pytest.mark.parametrize("length", ["-1", "abc", "1e9", ""])
def test_a_length_that_is_no_number_is_no_length(server, length):
    url = server.script(
        "/", lambda exchange: exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello".encode())
    )
    assert fetch(url).body == b"hello"


def test_certificates_are_checked_by_name(tls, names):
    for host in ("secure.example", "wrong.example"):
        names.say(host, ["127.0.0.2"])
    tls.page("/", "secret")
    assert fetch(f"https://secure.example:{tls.port}/").body == b"secret"
    with pytest.raises(Unreachable, match=r"(?i)certificate"):
        fetch(f"https://wrong.example:{tls.port}/")
    with pytest.raises(Unreachable, match=r"(?i)certificate"):
        fetch(f"https://127.0.0.2:{tls.port}/")


def test_a_redirect_does_not_give_up_encryption(tls, server, names):
    names.say("secure.example", ["127.0.0.2"])
    tls.redirect("/", f"http://secure.example:{server.port}/")
    with pytest.raises(Exception, match="from https to http"):
        fetch(f"https://secure.example:{tls.port}/")
    assert server.connections == 0


@pytest.mark.parametrize(
    "header",
    [
        "",
        "image/png",
        "application/octet-stream",
        "text",
        "text/htmlx",
        "application/pdf",
        "multipart/x; boundary=a",
        "/",
        ";",
    ],
)
def test_what_is_no_text_is_refused(header):
    with pytest.raises(ContentTypeNotAllowed, match="cannot be read"):
        media_type(header)


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=200))
def test_any_content_type_is_read_or_refused(header):
    for written in (header, f"text/html;{header}", f"text/html; charset={header}"):
        try:
            content_type, charset = media_type(written)
        except ContentTypeNotAllowed:
            continue
        assert content_type == content_type.lower()
        assert isinstance(decode(b"x\xff", content_type, charset), str)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("ü".encode(), None, "ü"),
        ("ü".encode("latin-1"), None, "ü"),
        ("ü".encode("utf-16"), "latin-1", "ü"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        (b'<meta charset="koi8-r">' + "да".encode("koi8-r"), None, '<meta charset="koi8-r">да'),
        (b"\xc3\xbc", "no-such", "ü"),
        (b"abc", "rot13", "abc"),
        (b"abc", "zlib", "abc"),
        (b"+AGE-", "utf-7", "+AGE-"),
        (b"a\\u0041", "unicode_escape", "a\\u0041"),
        (b"x" * 50_000, "punycode", "x" * 50_000),
        (b"\x80", "latin-1", "€"),
        (b"abc", "\x00", "abc"),
    ],
)
def test_bytes_become_text_as_in_a_browser(body, charset, text):
    assert decode(body, "text/html", charset) == text


@given(st.binary(max_size=300), st.booleans(), st.sampled_from([None, "utf-8", "utf-16", "big5", "gb18030"]))
def test_any_bytes_are_read_or_hold_no_text(body, reader_mode, charset):
    for page in (body, b"<html><body><p>" + body):
        try:
            reading = extract(page, "text/html", charset, reader_mode=reader_mode)
        except NoExtractableText:
            continue
        assert reading.text.encode()
        assert "\x00" not in reading.text + reading.title + reading.author


MALFORMED = [
    "<p>open<div>crossed</p></div><b>bold",
    "<html><body>" + "<table><tr><td>" * 200 + "text",
    "<!-- never closed <p>hidden</p>",
    "<html><head><title>" + "T" * 1_000_000 + "</title></head><body><p>text</p></body></html>",
    "<html><body><p>" + "&amp;" * 100_000 + "</p></body></html>",
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><html><body><p>&b; text</p></body></html>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><html><body><p>&e; text</p></body></html>",
    "<?xml version='1.0' encoding='utf-7'?><html><body><p>text</p></body></html>",
    "<html><body><p>&#0; &#xD800; &#x110000; text</p></body></html>",
    "<html><body" + " a=b" * 50_000 + "><p>text</p></body></html>",
    "<html><body><p>text</p><script>" + "<" * 100_000,
    "<html><head><meta name='author' content='" + "A\n" * 10_000 + "'></head><body><p>text</p></body></html>",
    "<html><head><meta property='article:published_time' content='9999-99-99'></head><body><p>text</p></body></html>",
]


@pytest.mark.parametrize("reader_mode", [True, False])
@pytest.mark.parametrize("page", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_pages_are_read_as_far_as_possible(page, reader_mode):
    try:
        reading = extract(page.encode(), "text/html", "utf-8", reader_mode=reader_mode)
    except NoExtractableText:
        assert page.startswith(("<!--", "<html><body><table>"))  # nothing but a comment; deeper than the parser goes
        return
    assert "root:" not in reading.text
    assert len(reading.title) <= 500
    assert "\n" not in reading.author
    reading.text.encode()


def test_a_page_too_large_for_the_reader_is_read_whole():
    page = "<html><body><nav>menu</nav><article>" + "<p>same words again</p>" * 100_000 + "</article></body></html>"
    text = extract(page.encode(), "text/html", "utf-8", reader_mode=True).text
    assert text.startswith("menu")
    assert text.count("same words again") == 100_000
