"""Efecty for the contract of all gateways."""

from datetime import UTC, datetime
from typing import Any, cast

import aiohttp

from mestore.core.clock import utc_now
from mestore.core.efecty_settings import EfectySettings
from mestore.core.money import Money
from mestore.payments.gateways.base import Attempt, Charge
from mestore.payments.gateways.efecty import EfectyGateway
from mestore.payments.states import PaymentMethod, PaymentStatus
from tests.payments.gateways.contract import Question, Stage
from tests.payments.gateways.stages import SECONDS, pse_attempt
from tests.sandbox.payvalida_shop import PayvalidaShop
from tests.sandbox.running import RunningSandbox, free_port

STATES = {
    PaymentStatus.APPROVED: "APROBADA",
    PaymentStatus.EXPIRED: "VENCIDA",
    PaymentStatus.VOIDED: "CANCELADA",
    PaymentStatus.DECLINED: "VENCIDA",  # cash knows no decline: nobody came
}


class EfectyStage(Stage):
    client: EfectyGateway

    def __init__(self, http: aiohttp.ClientSession, sandbox: RunningSandbox) -> None:
        self.shop = PayvalidaShop(sandbox)
        self.shop.control("notifications", paused=True)
        self.http = http
        self.settings = EfectySettings(base_url=self.shop.base, timeout_seconds=SECONDS).with_sandbox_account()
        self.client = self.with_settings()
        self.nobody_there = self.with_settings(base_url=f"http://127.0.0.1:{free_port()}/payvalida")

    def with_settings(self, **changes: Any) -> EfectyGateway:
        return EfectyGateway(self.http, self.settings.model_copy(update=changes), utc_now)

    def attempt(self, **changes: Any) -> Attempt:
        # The word is not one of the attempts on record yet; a StrEnum's member is its word.
        changes = {"method": cast("PaymentMethod", "EFECTY"), "details": {}} | changes
        return pse_attempt(**changes)

    def hopeless(self) -> Attempt:
        return self.attempt(customer_email="nobody")

    def fail(self, question: Question, mode: str) -> None:
        calls = {"start": "POST /porders", "find": "GET /porders/{order}"}
        self.shop.control("fail_next", call=calls[question], mode=mode)

    def decide(self, charge: Charge, status: PaymentStatus, *, amount: Money | None = None) -> None:
        other = {} if amount is None else {"amount": int(amount.amount)}
        self.shop.control("force_state", order=charge.transaction_id, state=STATES[status], **other)

    def webhook(self, charge: Charge) -> bytes:
        body: str = self.shop.notifications(charge.transaction_id)[0]["body"]
        return body.encode()

    def forged(self, charge: Charge) -> bytes:
        forged = self.shop.control("forge_notification", order=charge.transaction_id, sign=False, send=False)
        body: str = forged["notification"]["body"]
        return body.encode()

    def seen(self, reference: str) -> int:
        return sum(each["id"] == reference.replace("-", "x") for each in self.shop.orders())

    def now(self) -> datetime:
        """The gateway's clock."""
        moved = self.shop.control("advance_clock", seconds=0.001)["now"]
        return datetime.fromisoformat(moved).astimezone(UTC)
