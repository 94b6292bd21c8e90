"""Whole purchases by several buyers at once, with everything on this machine: what a marketplace is for.

A purchase is a cart of two products of two shops, its checkout, PSE at the simulated bank, Wompi's event, the order
CONFIRMED and a commission for each shop. Buyers go through the API as a browser would; what is counted is confirmed
orders with all their commissions, in the database.
"""

import asyncio
import hashlib
import secrets
import time
from http import HTTPStatus
from random import Random
from typing import Any

import aiohttp
import asyncpg
import orjson

from mestore.core.settings import Settings
from mestore.payments.gateways.wompi_signatures import SIGNED
from tests.app.running_system import RunningSystem
from tests.bench.client import answers_per_second
from tests.bench.orders import PlacingOrders, Purchase

_PSE = {"bank_code": "1051", "user_type": "PERSON", "document_type": "CC", "document_number": "1020304050"}
_WHERE = {
    "name": "Ana Ruiz",
    "phone": "+573001234567",
    "address": "Cra 7 # 71-21 Apto 301",
    "city": "Bogotá",
    "department": "Bogotá D.C.",
    "municipality_code": "11001",
}
_DONE = """
    SELECT count(*) FROM orders o WHERE o.status = 'CONFIRMED'
        AND (SELECT count(*) FROM commissions c WHERE c.order_id = o.id) =
            (SELECT count(*) FROM packages p WHERE p.order_id = o.id)"""
_PATIENCE = 60.0


class Buying:
    def __init__(self, system: RunningSystem, placing: PlacingOrders) -> None:
        self._system = system
        self._placing = placing
        self._random = Random(8)  # noqa: S311 - nothing secret: what is bought

    def rate(self, *, clients: int, seconds: float) -> float:
        """Purchases a second, from the first click to the last commission."""
        return asyncio.run(self._rate(clients, seconds))

    async def _rate(self, clients: int, seconds: float) -> float:
        database = await asyncpg.connect(self._placing.url)
        try:
            before = await database.fetchval(_DONE)
            begin = time.perf_counter()
            bought = sum(await asyncio.gather(*(self._buy(begin + seconds, number) for number in range(clients))))
            while await database.fetchval(_DONE) < before + bought:
                assert time.perf_counter() - begin < seconds + _PATIENCE, "not all orders were confirmed"
                await asyncio.sleep(0.1)
            return bought / (time.perf_counter() - begin)
        finally:
            await database.close()

    async def _buy(self, until: float, number: int) -> int:
        """One buyer after another, as long as there is time: so many purchases."""
        bought = 0
        # Not httpx: a client that costs more than what it measures would take that from it.
        async with aiohttp.ClientSession() as browser:
            while time.perf_counter() < until:
                await self._purchase(browser, number * 10 + bought % 10 + 1)
                bought += 1
        return bought

    async def _purchase(self, browser: aiohttp.ClientSession, buyer: int) -> None:
        signed_in = {"Authorization": f"Bearer {self._placing.token(buyer)}"}

        async def post(path: str, status: int, body: dict[str, Any]) -> Any:
            async with browser.post(f"{self._system.api_url}/api/v1{path}", headers=signed_in, json=body) as answer:
                assert answer.status == status, await answer.text()
                return await answer.json()

        cart: Any = None
        for product in Purchase.any(self._random).products:
            cart = await post("/cart/items", 200, {"product_id": product, "quantity": 1})
        wanted = {"shipping_info": _WHERE, "expected_total": cart["totals"]["total_amount"]}
        order = await post("/cart/checkout", 201, wanted)
        paying = {"order_id": order["id"], "payment_method": "PSE", "payment_data": _PSE}
        attempt = await post("/payments/process", 200, paying)
        async with browser.post(attempt["payment_url"], data={"outcome": "approve"}, allow_redirects=False) as page:
            assert page.status < HTTPStatus.BAD_REQUEST, await page.text()


def events_per_second(settings: Settings, port: int, *, clients: int, seconds: float) -> float:
    """Genuine events of Wompi's taken in, each another."""
    return answers_per_second(port, lambda: _event(settings, port), seconds=seconds, connections=clients)


def _event(settings: Settings, port: int) -> bytes:
    transaction = {"id": f"1-1-{secrets.token_hex(6)}", "status": "APPROVED", "amount_in_cents": 8_499_900}
    secret = settings.wompi.events_secret.get_secret_value()
    signed = f"{transaction['id']}{transaction['status']}{transaction['amount_in_cents']}1791226115{secret}"
    event = {
        "event": "transaction.updated",
        "data": {"transaction": transaction},
        "environment": settings.wompi.environment,
        "signature": {"properties": SIGNED, "checksum": hashlib.sha256(signed.encode()).hexdigest()},
        "timestamp": 1791226115,
    }
    body = orjson.dumps(event)
    head = (
        f"POST /api/v1/payments/webhook HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
