"""Which addresses may be called: the public ones, and the networks that the deployment names.

The lists are IANA's registries of special-purpose addresses, written out, because Python's is_global changes
between versions and takes several ways to write a private address for public.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from workloads.safe_http.errors import AddressNotAllowed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PUBLIC_PORTS = (80, 443)

SPECIAL_IPV4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public address that leads inside
        "169.254.0.0/16",  # link-local, metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
# all else is loopback, mapped, unique local, link-local, multicast or unassigned
GLOBAL_UNICAST = IPv6Network("2000::/3")
SPECIAL_IPV6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo and benchmarking among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]
NAT64 = IPv6Network("64:ff9b::/96")  # how a network with IPv6 alone reaches an IPv4 address: the last 32 bits


def check(host: str, address: Address, port: int, allowed: Iterable[Network]) -> None:
    """Raises AddressNotAllowed unless the address is public and the port one of the web, or its network is allowed.

    The message does not tell which address a name has: inside names are no tenant's business. The cause does.
    """
    if any(address in network for network in allowed):
        return
    if not is_public(address):
        if host != str(address):
            raise not_public(host) from ValueError(f"{host} has the address {address}")
        raise AddressNotAllowed(f"the address {address} is not public; FETCH_ALLOWED_NETWORKS lists exceptions")
    if port not in PUBLIC_PORTS:
        ports = " and ".join(map(str, PUBLIC_PORTS))
        raise AddressNotAllowed(f"port {port} is not one of the web; on public addresses those are {ports}")


def not_public(name: str) -> AddressNotAllowed:
    """In the same words whether the name leads inside or nowhere."""
    return AddressNotAllowed(
        f"the name {name} does not lead to public addresses; FETCH_ALLOWED_NETWORKS lists exceptions"
    )


def check_literal(host: str, port: int, allowed: Iterable[Network]) -> None:
    """As check, for a host that is an address itself; names are checked when they are resolved."""
    try:
        address = ip_address(host)
    except ValueError:
        return
    check(host, address, port, allowed)


def is_public(address: Address) -> bool:
    """Whether the address, or the IPv4 address that it stands for, belongs to the public Internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_IPV4)
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in GLOBAL_UNICAST and not any(address in network for network in SPECIAL_IPV6)
