"""The two sides of a shop that the sandbox meets: the caller of Wompi, and the address its events are posted to."""

import hashlib
import itertools
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from .running import CERTIFICATES, RunningSandbox

PUBLIC_KEY = "pub_test_mestore"
PRIVATE_KEY = "prv_test_mestore"
INTEGRITY_SECRET = "test_integrity_mestore"
EVENTS_SECRET = "test_events_mestore"

_numbers = itertools.count(1)


def pse(bank: str = "1022") -> dict[str, Any]:
    return {
        "type": "PSE",
        "user_type": 0,
        "user_legal_id_type": "CC",
        "user_legal_id": "1999888777",
        "financial_institution_code": bank,
        "payment_description": "Pedido de prueba",
    }


def sign(body: dict[str, Any], secret: str = INTEGRITY_SECRET) -> str:
    text = (
        f"{body.get('reference')}{body.get('amount_in_cents')}{body.get('currency')}{body.get('expiration_time') or ''}"
    )
    return hashlib.sha256((text + secret).encode()).hexdigest()


class Shop:
    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=f"{sandbox.wompi_url}/",
            headers={"Authorization": f"Bearer {PRIVATE_KEY}"},
            trust_env=False,
            verify=CERTIFICATES,
        )

    def acceptance(self) -> dict[str, str]:
        merchant = self.http.get("merchants/info", headers={"x-merchant-public-key": PUBLIC_KEY}).json()["data"]
        return {
            "acceptance_token": merchant["presigned_acceptance"]["acceptance_token"],
            "accept_personal_auth": merchant["presigned_personal_data_auth"]["acceptance_token"],
        }

    def card(self, number: str = "4242424242424242") -> dict[str, Any]:
        card = {"number": number, "cvc": "123", "exp_month": "08", "exp_year": "39", "card_holder": "ANA RUIZ"}
        response = self.http.post("tokens/cards", json=card, headers={"Authorization": f"Bearer {PUBLIC_KEY}"})
        return {"type": "CARD", "token": response.json()["data"]["id"], "installments": 1}

    def body(self, method: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """A right body with the changes made before signing; a change to `...` leaves the field away."""
        body = {
            **self.acceptance(),
            "amount_in_cents": 15_000_000,
            "currency": "COP",
            "customer_email": "ana@example.com",
            "reference": f"MKT-2026-{next(_numbers):06}-1",
            "redirect_url": "https://shop.example/pay/return",
            "payment_method": method or pse(),
            "customer_data": {"full_name": "Ana Ruiz", "phone_number": "573001112233"},
            **changes,
        }
        body = {name: value for name, value in body.items() if value is not ...}
        return {"signature": sign(body), **body}

    def post(self, body: dict[str, Any], key: str | None = PRIVATE_KEY, seconds: float = 10) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}" if key else ""}
        return self.http.post("transactions", json=body, headers=headers, timeout=seconds)

    def pay(self, method: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        response = self.post(self.body(method, **changes))
        assert response.status_code == 201, response.text
        transaction: dict[str, Any] = response.json()["data"]
        return transaction

    def get(self, transaction_id: str) -> dict[str, Any]:
        response = self.http.get(f"transactions/{transaction_id}")
        assert response.status_code == 200, response.text
        transaction: dict[str, Any] = response.json()["data"]
        return transaction

    def by_reference(self, reference: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("transactions", params={"reference": reference}).json()["data"]
        return found


@dataclass
class Webhook:
    """A real HTTP server that keeps what it receives and answers what it is told."""

    status: int = 200
    received: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                webhook.received.append((headers, body))
                self.send_response(webhook.status)
                self.end_headers()
                self.wfile.write(b"visto")

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
