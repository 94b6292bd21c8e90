"""PayU Latam: PSE, Efecty's counters, and cards on PayU's own page (developers.payulatam.com).

Nothing at PayU guards against charging twice: one `referenceCode` may have many orders. So each attempt has a reference
of its own and is submitted once; when no answer comes, the reference is asked for and never sent again.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import aiohttp

from mestore.core.payu_settings import PayuSettings
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways import payu_answers, payu_requests, payu_signatures
from mestore.payments.gateways.base import (
    Announcement,
    Attempt,
    Bank,
    Charge,
    NotCharged,
    OutcomeUnknown,
    RefundAnswer,
    RefundWish,
    Refused,
)
from mestore.payments.gateways.calls import Answer, call, json_of
from mestore.payments.gateways.tries import counted
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus

_MOST_FIELDS = 300
_HEADERS = {"Accept": "application/json", "Content-Type": "application/json; charset=utf-8"}
_COMMANDS = {"PSE": payu_requests.pse, "EFECTY": payu_requests.cash}


class PayuGateway:
    name = "payu"
    refundable = frozenset({PaymentMethod.CARD})
    refunds_once = True
    charges_again = True
    refunds_after = timedelta(minutes=11)
    """PayU says ten; its clock is not ours."""

    def __init__(self, http: aiohttp.ClientSession, settings: PayuSettings) -> None:
        self._http = http
        self._settings = settings

    async def start(self, attempt: Attempt) -> Charge:
        """Cards are not charged here: the buyer's browser posts the charge's `form`, and until PayU has numbered what
        comes of it, our reference stands for the transaction.
        """
        if attempt.method == "CARD":
            return self._web_checkout(attempt)
        make = _COMMANDS.get(attempt.method)
        if make is None:
            raise Refused(f"PayU is not used for {attempt.method}")
        response = await self._post(self._settings.payments_url, make(attempt, self._settings))
        return payu_answers.begun(payu_answers.opened(response), attempt)

    async def find(self, reference: str) -> Charge | None:
        orders = await self._ask("ORDER_DETAIL_BY_REFERENCE_CODE", referenceCode=reference)
        if orders is not None and not isinstance(orders, list):
            raise OutcomeUnknown("PayU's answer is not a list")
        charges = [charge for order in orders or () for charge in payu_answers.charges_in(order)]
        return counted([charge for charge in charges if charge.reference == reference])

    async def find_transaction(self, transaction_id: str) -> Charge | None:
        parts = payu_answers.parts_of(transaction_id)
        if parts is None:
            return await self.find(transaction_id)
        order = await self._ask("ORDER_DETAIL", orderId=int(parts[0]))
        charges = [] if order is None else payu_answers.charges_in(order)
        return next((charge for charge in charges if charge.transaction_id == transaction_id), None)

    async def refund(self, wish: RefundWish) -> RefundAnswer:
        """Ask PayU to send back what a card's transaction took, or a part of it. It answers within days.

        Raises:
            NotCharged, Refused, OutcomeUnknown: as for a charge. PayU takes one refund of an order.
        """
        parts = payu_answers.parts_of(wish.transaction_id)
        if parts is None:
            raise Refused("PayU has no transaction to refund yet")
        part = None if wish.amount == wish.paid else wish.amount
        body = payu_requests.refund(*parts, part, wish.reason, self._settings)
        response = await self._post(self._settings.payments_url, body)
        if payu_answers.says_already_registered(response):
            return RefundAnswer(RefundStatus.PROCESSING, None)
        return payu_answers.refund_begun(payu_answers.opened(response))

    async def find_refund(self, wish: RefundWish) -> RefundAnswer | None:
        """PayU keeps no reference of ours: it is the one refund of the transaction, if that is of the same amount."""
        parts = payu_answers.parts_of(wish.transaction_id)
        order = None if parts is None else await self._ask("ORDER_DETAIL", orderId=int(parts[0]))
        return None if parts is None or order is None else payu_answers.refund_in(order, parts[1], wish)

    async def banks(self) -> list[Bank]:
        """Where a buyer can pay from by PSE.

        Raises:
            OutcomeUnknown: PayU did not answer.
        """
        wanted = {"paymentMethod": "PSE", "paymentCountry": "CO"}
        body = payu_requests.command("GET_BANKS_LIST", self._settings, bankListInformation=wanted)
        return payu_answers.banks_in(await self._answer_to(self._settings.payments_url, body))

    def read_webhook(self, raw: bytes) -> Announcement | None:
        fields = _fields(raw)
        if not payu_signatures.confirmation_is_genuine(fields, self._settings):
            raise WrongSignature
        if (fields.get("test", "0") != "0") is not self._settings.test:
            return None
        reference, state, sign = (fields[name] for name in ("reference_sale", "state_pol", "sign"))
        signed = {name: fields[name] for name in (*payu_signatures.SIGNED, "sign")}
        key = f"{reference[:100]}:{state[:10]}:{sign.lower()}"
        return Announcement(reference[:120], key[:200], json.dumps(signed).encode())

    def _web_checkout(self, attempt: Attempt) -> Charge:
        return Charge(
            reference=attempt.reference,
            transaction_id=attempt.reference,
            status=PaymentStatus.PENDING,
            amount=attempt.amount,
            currency=payu_requests.CURRENCY,
            payment_url=self._settings.checkout_url,
            form=payu_requests.web_checkout(attempt, self._settings),
        )

    async def _ask(self, question: str, **details: str | int) -> Any:
        body = payu_requests.command(question, self._settings, details=details)
        return payu_answers.payload(await self._answer_to(self._settings.reports_url, body))

    async def _answer_to(self, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Of a question that moves no money: any answer that is none means that we still do not know."""
        try:
            return payu_answers.opened(await self._post(url, body))
        except (NotCharged, Refused) as error:
            raise OutcomeUnknown(str(error)) from error

    async def _post(self, url: str, body: Mapping[str, Any]) -> Answer:
        settings = self._settings
        return await call(
            self._http,
            "POST",
            url,
            gateway="PayU",
            waits=aiohttp.ClientTimeout(total=settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            headers=_HEADERS,
            json=body,
        )


def _fields(raw: bytes) -> dict[str, str]:
    """Of a confirmation, which is a form, or JSON: PayU's pages allow for both.

    Raises:
        WrongSignature: it is neither, or says something twice.
    """
    try:
        if raw.lstrip()[:1] == b"{":
            body = json_of(raw)
            return {str(name): str(value) for name, value in body.items() if value is not None}
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise WrongSignature from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise WrongSignature
    return fields
