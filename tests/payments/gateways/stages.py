"""The gateways that the contract is tested with."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import aiohttp
import httpx

from mestore.core.market_settings import WompiSettings
from mestore.core.money import Money
from mestore.core.payu_settings import PayuSettings
from mestore.payments.gateways.base import Attempt, Charge, Device
from mestore.payments.gateways.payu import PayuGateway
from mestore.payments.gateways.wompi import WompiGateway
from mestore.payments.states import PaymentMethod, PaymentStatus
from tests.payments.gateways.contract import AMOUNT, Question, Stage
from tests.sandbox.payu_shop import PayuShop
from tests.sandbox.running import RunningSandbox, free_port

SECONDS = 2.0
_numbers = itertools.count(1)


def pse_attempt(**changes: Any) -> Attempt:
    attempt = Attempt(
        reference=f"MKT-2026-{next(_numbers):06}-a1b2c3d4",
        amount=AMOUNT,
        method=PaymentMethod.PSE,
        description="Pedido de prueba",
        customer_email="ana@example.com",
        customer_name="Ana Ruiz",
        customer_phone="+573001112233",
        return_url="https://shop.example/pago",
        details={
            "bank_code": "1022",
            "user_type": "PERSON",
            "document_type": "CC",
            "document_number": "1020304050",
        },
        iva=Money(23_950),
        iva_base=Money(126_050),
        device=Device("203.0.113.7", "Mozilla/5.0", "5b1f"),
    )
    return replace(attempt, **changes)


class WompiStage(Stage):
    def __init__(self, http: aiohttp.ClientSession, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox
        ours = WompiSettings(base_url=sandbox.wompi_url, timeout_seconds=SECONDS)
        self.client = WompiGateway(http, ours)
        nowhere = f"http://127.0.0.1:{free_port()}/wompi/v1"
        self.nobody_there = WompiGateway(http, ours.model_copy(update={"base_url": nowhere}))

    def attempt(self) -> Attempt:
        return pse_attempt()

    def hopeless(self) -> Attempt:
        return pse_attempt(amount=Money(1))

    def fail(self, question: Question, mode: str) -> None:
        calls = {"start": "POST /transactions", "find": "GET /transactions"}
        self._sandbox.control("fail_next", call=calls[question], mode=mode)

    def decide(self, charge: Charge, status: PaymentStatus, *, amount: Money | None = None) -> None:
        other = {} if amount is None else {"amount_in_cents": amount.cents}
        self._sandbox.control("force_outcome", reference=charge.reference, status=status, **other)

    def webhook(self, charge: Charge) -> bytes:
        body: str = self._sandbox.events(charge.reference)[0]["body"]
        return body.encode()

    def forged(self, charge: Charge) -> bytes:
        forged = self._sandbox.control("forge_event", reference=charge.reference, sign=False, send=False)
        body: str = forged["event"]["body"]
        return body.encode()

    def seen(self, reference: str) -> int:
        return sum(each["reference"] == reference for each in self._sandbox.transactions())


class PayuStage(Stage):
    client: PayuGateway

    def __init__(self, http: aiohttp.ClientSession, sandbox: RunningSandbox, **settings: Any) -> None:
        self.shop = PayuShop(sandbox)
        self.shop.control("confirmations", paused=True)
        self.settings = PayuSettings(
            payments_url=f"{self.shop.base}/payments-api/4.0/service.cgi",
            reports_url=f"{self.shop.base}/reports-api/4.0/service.cgi",
            checkout_url=f"{self.shop.base}/ppp-web-gateway-payu/",
            notify_url=self.shop.notify_url,
            timeout_seconds=SECONDS,
            **settings,
        ).with_public_test_account()
        self.http = http
        self.client = PayuGateway(http, self.settings)
        nowhere = f"http://127.0.0.1:{free_port()}/payu"
        self.nobody_there = PayuGateway(
            http, self.settings.model_copy(update={"payments_url": nowhere, "reports_url": nowhere})
        )

    def attempt(self) -> Attempt:
        return pse_attempt()

    def cash(self, **changes: Any) -> Attempt:
        # The word is not one of the attempts on record yet; a StrEnum's member is its word.
        return pse_attempt(method=cast("PaymentMethod", "EFECTY"), details={}, **changes)

    def card(self, **changes: Any) -> Attempt:
        return pse_attempt(method=PaymentMethod.CARD, details={}, **changes)

    def hopeless(self) -> Attempt:
        return pse_attempt(details={**pse_attempt().details, "bank_code": "999999"})

    def fail(self, question: Question, mode: str) -> None:
        calls = {
            "start": "payu payments SUBMIT_TRANSACTION",
            "find": "payu reports ORDER_DETAIL_BY_REFERENCE_CODE",
        }
        self.shop.sandbox.control("fail_next", call=calls[question], mode=mode)

    def decide(self, charge: Charge, status: PaymentStatus, *, amount: Money | None = None) -> None:
        other = {} if amount is None else {"amount": int(amount.amount)}
        self.shop.control("force_outcome", reference=charge.reference, state=status, **other)

    def webhook(self, charge: Charge) -> bytes:
        self.shop.control("deliver_pending")
        sent = [each["body"] for each in self.shop.deliveries(charge.reference) if each["state"] == "done"]
        return str(sent[0]).encode()

    def forged(self, charge: Charge) -> bytes:
        fields = self.shop.control("forge", reference=charge.reference, send=False)["fields"]
        return str(httpx.QueryParams(fields)).encode()

    def seen(self, reference: str) -> int:
        return sum(len(order["transactions"]) for order in self.shop.orders() if order["referenceCode"] == reference)

    def now(self) -> datetime:
        """The gateway's clock."""
        moved = self.shop.control("advance_clock", seconds=0.001)["now"]
        return datetime.fromisoformat(moved).astimezone(UTC)
