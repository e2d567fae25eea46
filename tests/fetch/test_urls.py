"""One reading of a URL: what is refused, what a redirect leads to, and when two URLs are the same page."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.safe_http.errors import InvalidUrl
from workloads.safe_http.urls import parse


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("HTTPS://Example.COM:443/a/?b=2&a=1#top", "https://example.com/a?a=1&b=2"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:80/", "http://example.com/"),
        ("http://example.com.:8080//", "http://example.com:8080/"),
        ("https://example.com/?a=2&b&a=1&&", "https://example.com/?a=2&a=1&b"),
        ("https://example.com/?", "https://example.com/"),
        ("https://münchen.example/straße?q=ü", "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=%C3%BC"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("http://[2001:DB8:0::1]:81/", "http://[2001:db8::1]:81/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
    ],
)
def test_the_canonical_form(written, canonical):
    assert parse(written).canonical == canonical


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "must begin with http"),
        ("example.com", "must begin with http"),
        ("//example.com/", "must begin with http"),
        ("ftp://example.com/", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("gopher://example.com/", "must begin with http"),
        ("javascript:alert(1)", "must begin with http"),
        ("http:example.com", "no usable host name"),
        ("http:///x", "no usable host name"),
        ("http://user@example.com/", "user name"),
        ("http://user:secret@example.com/", "user name"),
        ("http://example.com:0/", "no usable port"),
        ("http://example.com:/", "no usable port"),
        ("http://example.com:65536/", "is invalid: Port out of range"),
        ("http://example.com:x/", "is invalid"),
        ("http://exa mple.com/", "a space"),
        ("http://example.com/\n", "a space"),
        ("http://example.com\\@127.0.0.1/", "a backslash"),
        ("http://%6c%6fcalhost/", "no usable host name"),
        ("http://example..com/", "no usable host name"),
        ("http://-a.com/", "no usable host name"),
        (f"http://{'a' * 64}.com/", "no usable host name"),
        (f"http://{'a.' * 127}com/", "no usable host name"),
        ("http://2130706433/", "another form"),
        ("http://0x7f000001/", "another form"),
        ("http://0177.0.0.1/", "another form"),
        ("http://127.1/", "another form"),
        ("http://[::1/", "is invalid"),
        ("http://[fe80::1%25eth0]/", "zone"),
        ("http://[v1.fe80]/", "is invalid"),
        ("http://[::1]x/", "no usable host name|is invalid"),  # by Python's version
        ("http://a.com/" + "x" * 2040, "longer than 2048"),
        ("http://a.com/" + "ü" * 1000, "longer than 2048 characters when percent-encoded"),
        ("http://a.com/\ud800", "is invalid"),
        ("http://\u200b\u200b/", "is invalid"),
    ],
)
def test_what_is_no_url_is_refused_with_its_reason(written, reason):
    with pytest.raises(InvalidUrl, match=reason):
        parse(written)


PIECES = st.text(string.ascii_letters + string.digits + "%&=+;?/#.-_~ü€😀[]|^{}\"'<>", max_size=60)
HOSTS = st.sampled_from(["a.example", "A.example.", "bücher.example", "xn--bcher-kva.example", "[::1]", "8.8.8.8"])
URLS = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "HTTPS"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":81"]),
    PIECES,
)


@given(URLS)
def test_reading_twice_changes_nothing(written):
    url = parse(written)
    assert parse(str(url)) == url
    assert url.canonical.isascii()
    assert parse(url.canonical).canonical == url.canonical
    assert parse(url.canonical).origin == url.origin


@given(URLS, st.permutations(["a=1", "b=2", "c"]), st.sampled_from(["", "/", "//"]), st.text(max_size=5))
def test_what_makes_no_difference_makes_none(written, pairs, slashes, fragment):
    base = str(parse(written)).partition("?")[0].rstrip("/")
    one, other = f"{base}?a=1&b=2&c", f"{base}{slashes}?{'&'.join(pairs)}#{'x' * len(fragment)}"
    assert parse(one).canonical == parse(other).canonical


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    for written in (text, f"http://{text}", f"https://a.example/{text}"):
        try:
            assert parse(str(parse(written))) == parse(written)
        except InvalidUrl as error:
            assert str(error)


@given(st.text(st.characters(max_codepoint=255), max_size=100))
def test_any_redirect_leads_somewhere_or_is_refused(location):
    try:
        assert parse("https://a.example/b/c?d").follow(location).scheme == "https"
    except InvalidUrl as error:
        assert str(error)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("d", "https://a.example/b/d"),
        ("/d e", "https://a.example/d%20e"),
        ("../d", "https://a.example/d"),
        ("?d", "https://a.example/b/c?d"),
        ("//b.example", "https://b.example/"),
        ("https://b.example/#x", "https://b.example/"),
        ("/caf\xc3\xa9", "https://a.example/caf%C3%A9"),
    ],
)
def test_a_redirect_is_read_relative_to_where_it_came_from(location, target):
    assert str(parse("https://a.example/b/c").follow(location)) == target


@pytest.mark.parametrize(
    "location", ["http://a.example/", "file:///etc/passwd", "//[", "https://u:p@a.example/", "javascript:1", "/\\x\\y"]
)
def test_a_redirect_that_may_not_be_followed_is_refused(location):
    with pytest.raises(InvalidUrl):
        parse("https://a.example/").follow(location)
