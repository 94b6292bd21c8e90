"""A shop that calls the simulated Payválida, written from its documentation and not from the simulator's code."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx

from .running import CERTIFICATES, RunningSandbox

MERCHANT = "mestore"
FIXED_HASH = "development-only-payvalida-0123456789abcdef0123456789"
NOTIFICATION_HASH = "development-only-payvalida-notifications-0123456789abcdef0123456789"
NETWORK_HASH = "sandbox-network-hash"
COLOMBIA = timezone(timedelta(hours=-5))

_numbers = itertools.count(1)


def sha512(*parts: Any) -> str:
    return hashlib.sha512("".join(map(str, parts)).encode()).hexdigest()


def day(days: int = 3) -> str:
    return f"{datetime.now(UTC).astimezone(COLOMBIA) + timedelta(days=days):%d/%m/%Y}"


class PayvalidaShop:
    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.base = f"{sandbox.url}/payvalida"
        self.http = httpx.Client(base_url=self.base, trust_env=False, timeout=30, verify=CERTIFICATES)

    def close(self) -> None:
        self.http.close()

    def body(self, **changes: Any) -> dict[str, Any]:
        """A right body with the changes made before signing; a change to `...` leaves the field away."""
        body = {
            "merchant": MERCHANT,
            "email": "ana@example.com",
            "country": 343,
            "order": f"MKT2026{next(_numbers):06}",
            "money": "COP",
            "amount": "150000",
            "description": "Pedido 123",
            "method": "efecty",
            "language": "es",
            "recurrent": False,
            "expiration": day(),
            "iva": "0",
            **changes,
        }
        body = {name: value for name, value in body.items() if value is not ...}
        signed = (body.get(field, "") for field in ("email", "country", "order", "money", "amount"))
        return {"checksum": sha512(*signed, FIXED_HASH), **body}

    def post(self, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
        response = self.http.request(method, "/api/v3/porders", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def create(self, **changes: Any) -> dict[str, Any]:
        answer = self.post(self.body(**changes))
        assert answer["CODE"] == "0000", answer
        data: dict[str, Any] = answer["DATA"]
        return data

    def ask(self, order: str, method: str = "GET", **changes: Any) -> dict[str, Any]:
        query = {"merchant": MERCHANT, "checksum": sha512(order, MERCHANT, FIXED_HASH), **changes}
        answer: dict[str, Any] = self.http.request(method, f"/api/v3/porders/{order}", params=query).json()
        return answer

    def state(self, order: str) -> str:
        state: str = self.ask(order)["DATA"]["STATE"]
        return state

    def control(self, action: str, **values: Any) -> dict[str, Any]:
        response = self.http.post(f"{self.sandbox.url}/control/payvalida", json={"action": action, **values})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"{self.sandbox.url}/control/payvalida/orders").json()["orders"]
        return found

    def notifications(self, order: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        notifications: list[dict[str, Any]] = self.control("list_notifications", order=order)["notifications"]
        return notifications

    def deliveries(self, order: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        deliveries: list[dict[str, Any]] = self.control("list_deliveries", order=order)["deliveries"]
        return deliveries

    def network(self, path: str, *signed: Any, **body: Any) -> dict[str, Any]:
        """A call of the counters' network."""
        response = self.http.post(path, json={**body, "checksum": sha512(*signed, NETWORK_HASH)})
        answer: dict[str, Any] = response.json()
        return answer

    def take(self, code: str, amount: int, operation: str) -> dict[str, Any]:
        body = {"name": "efecty", "reference": code, "amount": amount, "transaction": operation}
        return self.network("/v1/transactions/", *body.values(), **body, money="COP", commerce="1", teller="7")

    def confirm(self, operation: str, *, yes: bool) -> dict[str, Any]:
        body = {"name": "efecty", "transaction": operation, "confirm": yes}
        return self.network("/v1/transactions/confirm", "efecty", operation, str(yes).lower(), **body)
