"""From where somebody signs in: kept with the session, so that its owner recognises it."""

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

_LONGEST_USER_AGENT = 300


@dataclass(frozen=True)
class Device:
    ip: str | None
    user_agent: str | None


def device_of(request: Request) -> Device:
    return Device(_address(request), request.headers.get("user-agent", "")[:_LONGEST_USER_AGENT] or None)


def _address(request: Request) -> str | None:
    """As the gate found it, behind our own proxies (`core/client_address.py`); a Unix socket has none."""
    try:
        return str(ipaddress.ip_address(request.client.host)) if request.client else None
    except ValueError:
        return None


CurrentDevice = Annotated[Device, Depends(device_of)]
