"""Traces of who pays: digests that tell one from another, and from which nobody reads who it was."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mestore.core.market_settings import FraudSettings
from mestore.payments.gateways.base import Device
from mestore.payments.models import BlockKind
from mestore.users.contact import read_email, read_phone

_IPV6_NETWORK = 64
"""One connection at home has a whole network of this size."""
_MASKED = 8
"""A value shorter than this has no hint: it would be half of it."""


@dataclass(frozen=True)
class Payer:
    """Who pays, as far as one attempt tells; what is None is not known."""

    name: str | None = None
    document_type: str | None = None
    document_number: str | None = None
    device: Device | None = None
    card_token: str | None = None
    """Of a gateway, good for one charge: it says nothing of the card, which is known by the gateway's answer only."""
    phone: str | None = None
    """E.164, where it is another than the account's: that of a wallet."""


class Traces:
    def __init__(self, rules: FraudSettings) -> None:
        self._secret = rules.secret.get_secret_value().encode()

    def digest(self, kind: BlockKind, value: str) -> str:
        """The same for every spelling of one thing, another for each kind; 64 hexadecimal digits.

        Raises:
            ValueError: an address that is none.
        """
        text = f"{kind}:{_NORMAL[kind](value)}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()

    def keys(self, payer: Payer) -> dict[str, str | None]:
        """`device_key`, `address_key` and `card_key` of an attempt that begins: its card is not known yet."""
        device = payer.device
        return {
            "device_key": self.digest(BlockKind.DEVICE, device.device_id) if device and device.device_id else None,
            "address_key": self.digest(BlockKind.ADDRESS, device.ip_address) if device else None,
            "card_key": None,
        }


def hint_of(kind: BlockKind, value: str) -> str:
    """By which people recognise what was blocked, and others don't: its last characters, or an address's domain."""
    normal = _NORMAL[kind](value)
    if kind is BlockKind.EMAIL:
        return f"@{normal.rpartition('@')[2]}"[:40]
    return f"…{normal[-4:]}" if len(normal) >= _MASKED and kind is not BlockKind.ADDRESS else ""


def _network(value: str) -> str:
    """An address of the network; of IPv6 the 64 bits that a provider gives to one home."""
    address = ipaddress.ip_address(value.strip())
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


def _account(value: str) -> str:
    email = read_email(value)
    return email.key if email else value.strip().casefold()


def _number(value: str) -> str:
    return read_phone(value) or re.sub(r"[^0-9]", "", value)


def _characters(value: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", value.upper())


_NORMAL: Mapping[BlockKind, Callable[[str], str]] = {
    BlockKind.EMAIL: _account,
    BlockKind.PHONE: _number,
    BlockKind.DOCUMENT: _characters,
    BlockKind.CARD: _characters,
    BlockKind.DEVICE: str,
    BlockKind.ADDRESS: _network,
}
