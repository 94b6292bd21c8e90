"""A small crowd that buys, in threads of its own, so that the test's thread may kill and start processes meanwhile."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from mestore.users.models import User
from tests.api import Api
from tests.make import PSE, SHIPPING, Make
from tests.sandbox.running import eventually

BUYERS = 8
PURCHASES = 2
PATIENCE = 60


@dataclass
class Shopper:
    """Buys, pays and approves at the bank, one thing after the other."""

    buyer: User
    http: httpx.Client
    products: Sequence[str]
    answers: Counter[str] = field(default_factory=Counter)
    """How often each status, or each way of getting none."""
    placed: list[int] = field(default_factory=list)
    """The orders that were acknowledged."""
    paid: int = 0

    def shop(self, wishes: threading.Semaphore, over: threading.Event) -> None:
        while wishes.acquire() and not over.is_set():
            number = len(self.placed)
            body = {
                "items": [{"product_id": product, "quantity": 1} for product in self.products],
                "shipping_info": SHIPPING,
            }
            # Whatever happens, the same request again, until its order is acknowledged.
            order = eventually(lambda: self._ask("/orders", body, f"order-{number}"), PATIENCE)  # noqa: B023
            assert order is not None
            self.placed.append(order["id"])
            self.pay(order["id"])

    def pay(self, order_id: int) -> None:
        """Tried once: an attempt whose answer is lost is the system's to finish."""
        wanted = {"order_id": order_id, "payment_method": "PSE", "payment_data": PSE}
        attempt = self._ask("/payments/process", wanted, f"pay-{order_id}")
        if attempt and attempt["payment_url"]:
            httpx.post(attempt["payment_url"], data={"outcome": "approve"}, timeout=30, trust_env=False)
            self.paid += 1

    def _ask(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """What came of it; None when it did not succeed."""
        try:
            response = self.http.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError as lost:
            self.answers[type(lost).__name__] += 1
            return None
        self.answers[str(response.status_code)] += 1
        answer: dict[str, Any] = response.json()
        return answer if response.is_success else None


class Load:
    """Runs within a `with` block; afterwards every order that was begun is acknowledged."""

    def __init__(self, shoppers: Sequence[Shopper]) -> None:
        self.shoppers = shoppers
        self._wishes = threading.Semaphore(0)
        self._over = threading.Event()
        self._threads = ThreadPoolExecutor(len(shoppers))

    @classmethod
    async def of(cls, api_url: str, api: Api, make: Make) -> Self:
        products = [str((await make.product(stock=100_000)).id) for _ in range(2)]
        shoppers = []
        for _ in range(BUYERS):
            buyer = await make.buyer()
            # A kept connection may be closed just when it is used again, which HTTP leaves to its clients.
            http = httpx.Client(
                base_url=f"{api_url}/api/v1",
                headers={"Authorization": f"Bearer {await api.token(buyer)}"},
                limits=httpx.Limits(max_keepalive_connections=0),
                timeout=30,
                trust_env=False,
            )
            shoppers.append(Shopper(buyer, http, products))
        return cls(shoppers)

    def goes_on(self) -> None:
        """Have the shoppers buy again; when half of it is paid this returns, and the rest is under way."""
        before = self.paid
        self._wishes.release(PURCHASES * len(self.shoppers))
        eventually(lambda: self.paid >= before + len(self.shoppers), PATIENCE)

    @property
    def paid(self) -> int:
        return sum(shopper.paid for shopper in self.shoppers)

    @property
    def placed(self) -> list[int]:
        return sorted(order for shopper in self.shoppers for order in shopper.placed)

    @property
    def answers(self) -> Counter[str]:
        return sum((shopper.answers for shopper in self.shoppers), Counter())

    def __enter__(self) -> Self:
        self._running = [self._threads.submit(shopper.shop, self._wishes, self._over) for shopper in self.shoppers]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._wishes.release(len(self.shoppers))
        self._threads.shutdown()
        for shopper in self.shoppers:
            shopper.http.close()
        if error is None:
            for each in self._running:
                each.result()
