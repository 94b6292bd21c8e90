"""From which address a request comes, told so that nobody can choose it.

The peer of the connection is believed, and `X-Forwarded-For` only as far as the proxies named in the settings wrote it:
read from its end, where the nearest proxy added what it saw, up to the first address that is none of ours. What stands
before that anybody may have invented.
"""

import functools
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MOST_PROXIES = 20
_MOST_REMEMBERED = 4_096
_WITH_PORT = re.compile(r"\[([0-9a-fA-F:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
_HOUSEHOLD_BITS = 64


def client_address(scope: Scope, proxies: Sequence[Network]) -> str | None:
    """The caller's address; None when its peer has none, as on a Unix socket."""
    peer = scope.get("client")
    address = _read(peer[0]) if peer else None
    if address is None or not _is_among(address, proxies):
        return str(address) if address else None
    for written in _forwarded_for(scope):
        before = _read(written)
        if before is None:
            break
        address = before
        if not _is_among(address, proxies):
            break
    return str(address)


@functools.lru_cache(_MOST_REMEMBERED)
def household(address: str | None) -> str:
    """Who shares a limit: one IPv4 address, or the /64 of IPv6 in which one customer has any address it likes."""
    read = _read(address or "")
    if isinstance(read, IPv6Address):
        return str(ip_network((read, _HOUSEHOLD_BITS), strict=False))
    return str(read) if read else "nowhere"


def _forwarded_for(scope: Scope) -> list[str]:
    """The nearest first."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return ",".join(lines).split(",")[: -_MOST_PROXIES - 1 : -1]


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _read(text: str) -> Address | None:
    written = text.strip()
    if with_port := _WITH_PORT.fullmatch(written):
        written = with_port[1] or with_port[2]
    try:
        address = ip_address(written)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
