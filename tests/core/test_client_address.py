"""Which address a request comes from, whatever it says of itself."""

from ipaddress import ip_network

import pytest

from mestore.core.client_address import client_address, household

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]
ATTACKER, SHOPPER = "203.0.113.66", "198.51.100.7"


def seen(peer: str | None, *forwarded: str, trusted: bool = True) -> str | None:
    scope = {
        "client": (peer, 50_000) if peer else None,
        "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded],
    }
    return client_address(scope, PROXIES if trusted else [])


@pytest.mark.parametrize("forged", ["127.0.0.1", "10.0.0.1", SHOPPER, "for=1.2.3.4", "", ", ,", "::1"])
def test_nobody_but_a_proxy_of_ours_is_believed(forged: str) -> None:
    assert seen(ATTACKER, forged) == ATTACKER
    assert seen("10.0.0.1", forged, trusted=False) == "10.0.0.1"


def test_the_nearest_stranger_is_the_caller() -> None:
    assert seen("10.0.0.1", SHOPPER) == SHOPPER
    assert seen("10.0.0.1", f"{SHOPPER}, 10.0.0.2, 10.9.9.9") == SHOPPER
    assert seen("2001:db8:ffff::1", SHOPPER) == SHOPPER


@pytest.mark.parametrize("forged", ["127.0.0.1", "10.0.0.7", "1.2.3.4, 10.0.0.9", "rubbish", "x" * 10_000])
def test_what_a_caller_wrote_before_the_proxy_is_not_believed(forged: str) -> None:
    assert seen("10.0.0.1", f"{forged}, {ATTACKER}") == ATTACKER
    assert seen("10.0.0.1", forged, ATTACKER) == ATTACKER, "several headers are one list"


@pytest.mark.parametrize("broken", ["unknown", "", "999.1.1.1", "[::1", "_hidden"])
def test_where_the_chain_breaks_the_last_known_hop_counts(broken: str) -> None:
    assert seen("10.0.0.1", f"{SHOPPER}, {broken}, 10.0.0.2") == "10.0.0.2"


def test_spellings_of_an_address() -> None:
    assert seen("10.0.0.1", f"{SHOPPER}:41234") == SHOPPER
    assert seen("10.0.0.1", "[2001:DB8::1]:443") == "2001:db8::1"
    assert seen(f"::ffff:{SHOPPER}") == SHOPPER
    assert seen("::ffff:10.0.0.1", SHOPPER) == SHOPPER


def test_a_long_chain_of_our_own_ends() -> None:
    assert seen("10.0.0.1", ", ".join([SHOPPER, *["10.0.0.2"] * 100])) == "10.0.0.2"


def test_a_peer_without_an_address_has_none() -> None:
    assert seen(None, SHOPPER) is None
    assert seen("testclient", SHOPPER) is None


def test_one_customer_has_one_household() -> None:
    assert household(SHOPPER) == SHOPPER
    assert household("2001:db8:1:2::1") == household("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert household("2001:db8:1:3::1") != household("2001:db8:1:2::1")
    assert household(None) == household("rubbish") == "nowhere"
