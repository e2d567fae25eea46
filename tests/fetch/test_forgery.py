"""No address inside can be reached: the canary on 127.0.0.1 sees nobody, whatever the URL, redirect or name."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fetch.conftest import ALLOWED
from tests.fetch.forged import INSIDE, LOOPBACK_IPV4, LOOPBACK_IPV6, forged
from tests.fetch.servers import serving
from workloads.safe_http import AddressNotAllowed, InvalidUrl, TooManyRedirects, Unreachable, Url, get, parse
from workloads.safe_http.addresses import is_public

# A name may also lead nowhere, e.g. public.example; what matters is that nothing inside was called.
REFUSED = (InvalidUrl, AddressNotAllowed)


def fetch(url: str):
    return get(parse(url), allowed_networks=ALLOWED)


def test_ordinary_urls_are_fetched_meanwhile(server, canary):
    assert fetch(server.page("/", "hello")).body == b"hello"
    assert canary.connections == 0


def test_the_canary_sings_when_it_is_called(server):
    """Without this the tests below would prove nothing."""
    with serving("127.0.0.1", server.port) as bird:
        bird.page("/", "sing")
        assert get(parse(bird.url), allowed_networks=[ip_network("127.0.0.1/32")]).body == b"sing"
        assert bird.connections == 1


def test_forged_urls(server, canary, names):
    names.say("public.example", [])
    urls = forged(server.port)
    assert len(urls) > 300
    for url in urls:
        names.asked.clear()
        with pytest.raises((*REFUSED, Unreachable)) as refused:
            fetch(url)
        assert isinstance(refused.value, REFUSED) or names.asked == ["public.example"], url


def test_redirects_to_forged_urls(server, canary, names):
    names.say("public.example", [])
    # what cannot stand in a header cannot be a redirect
    urls = [url for url in forged(server.port) if not {"\r", "\n", "\x00"} & set(url)]
    for number, url in enumerate(urls):
        start = server.redirect(f"/{number}", url.encode().decode("latin-1"))
        try:
            answer = fetch(start)
        except (*REFUSED, Unreachable):
            continue
        assert (answer.url.origin, answer.status) == (server.url, 404), url  # it was a relative one


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_chains_end_at_the_first_forged_hop(server, canary, status):
    server.redirect("/2", f"//127.0.0.1:{server.port}/", status)
    server.redirect("/1", "2", status)
    with pytest.raises(AddressNotAllowed, match=r"127\.0\.0\.1 is not public"):
        fetch(server.redirect("/0", f"{server.url}/1", status))
    assert [each.path for each in server.asked] == ["/0", "/1", "/2"]


def test_at_most_three_redirects(server):
    server.page("/3", "end")
    for number in range(3):
        server.redirect(f"/{number}", f"/{number + 1}")
    assert fetch(f"{server.url}/0").body == b"end"
    with pytest.raises(TooManyRedirects, match="more than 3 redirects"):
        fetch(server.redirect("/start", "/0"))
    with pytest.raises(TooManyRedirects):
        fetch(server.redirect("/loop", "/loop"))


def test_a_name_is_resolved_once_and_the_answer_is_dialled(server, canary, names):
    """The rebinding attack: public for the check, 127.0.0.1 for the connection."""
    names.say("rebind.example", ["127.0.0.2"], ["127.0.0.1"])
    server.page("/", "the checked one")
    url = f"http://rebind.example:{server.port}/"
    assert fetch(url).body == b"the checked one"
    assert names.asked == ["rebind.example"]
    assert server.asked[0].headers["host"] == f"rebind.example:{server.port}"
    with pytest.raises(AddressNotAllowed):
        fetch(url)


def test_a_name_that_changes_between_redirects_is_checked_again(server, canary, names):
    names.say("rebind.example", ["127.0.0.2"], ["127.0.0.1"])
    server.redirect("/", f"http://rebind.example:{server.port}/again")
    with pytest.raises(AddressNotAllowed):
        fetch(f"http://rebind.example:{server.port}/")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.2", "127.0.0.1"],
        ["127.0.0.1", "127.0.0.2"],
        ["127.0.0.2", "::1"],
        ["8.8.8.8", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%1"],
        ["169.254.169.254"],
    ],
)
def test_one_private_answer_condemns_the_name(server, canary, names, answer):
    names.say("mixed.example", answer)
    with pytest.raises(AddressNotAllowed):
        fetch(f"http://mixed.example:{server.port}/")
    assert server.connections == 0


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "0", "localhost", "::1"])
def test_what_the_systems_resolver_reads_as_an_address_is_refused_behind_the_parser_too(server, canary, host):
    """The parser refuses most of these; should it ever not, the address that comes out is what is checked."""
    with pytest.raises(AddressNotAllowed):
        get(Url("http", host, server.port, "/", ""), allowed_networks=ALLOWED)


def test_ports_of_public_addresses_are_those_of_the_web(names):
    for port in (22, 25, 6379, 8080):
        names.say("public.example", ["93.184.215.14"])
        with pytest.raises(AddressNotAllowed, match=f"port {port} is not one of the web"):
            fetch(f"http://public.example:{port}/")


def test_the_environments_proxies_are_not_asked(server, canary, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, canary.url)
    monkeypatch.setenv("no_proxy", "")
    assert fetch(server.page("/", "direct")).body == b"direct"


def test_cookies_are_not_kept_and_headers_not_sent_on(server, canary, names):
    names.say("other.example", ["127.0.0.2"])
    server.script(
        "/",
        lambda exchange: exchange.answer(
            status="302 Found", Set_Cookie="session=1", Location=f"http://other.example:{server.port}/next"
        ),
    )
    server.page("/next", "end")
    get(parse(f"{server.url}/"), headers={"X-Token": "secret"}, allowed_networks=ALLOWED)
    first, second = server.asked
    assert first.headers["x-token"] == "secret"
    assert not {"x-token", "cookie", "referer", "authorization"} & second.headers.keys()


def test_every_hop_may_be_refused_by_the_caller(server):
    def refuse(url: Url) -> None:
        if url.path == "/secret":
            raise InvalidUrl("not this one")

    with pytest.raises(InvalidUrl, match="not this one"):
        get(parse(server.redirect("/", "/secret")), allowed_networks=ALLOWED, check_hop=refuse)
    assert [each.path for each in server.asked] == ["/"]


PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(ip_address(address))


def test_the_inside_is_not_public():
    for host in INSIDE + LOOPBACK_IPV4 + LOOPBACK_IPV6:
        try:
            address = ip_address(host.strip("[]"))
        except ValueError:
            continue
        assert not is_public(address), host


@given(st.ip_addresses())
def test_nothing_is_public_that_python_calls_private(address):
    if is_public(address) and address not in ip_network("64:ff9b::/96" if address.version == 6 else "0.0.0.0/32"):
        assert address.is_global
        assert not (address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_no_better(address):
    assert is_public(ip_address(f"64:ff9b::{address}")) == is_public(address)
    assert not is_public(ip_address(f"::ffff:{address}"))
    assert not is_public(ip_address(f"::{address}"))
    assert not is_public(ip_address(0x2002 << 112 | int(address) << 80))  # 6to4
    assert not is_public(ip_address(0x20010000 << 96 | int(address) ^ 0xFFFFFFFF))  # Teredo
