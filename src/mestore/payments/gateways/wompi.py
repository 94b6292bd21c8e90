"""Wompi, as its documentation describes it (docs.wompi.co): pesos in, centavos on the wire, pesos out.

A transaction is always born PENDING, and PSE's and Bancolombia's address of the bank comes only after a moment: `start`
polls for it. The unique `reference` is Wompi's only guard against charging twice; "ya ha sido usada" means that an
earlier call arrived, and is answered by asking for it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp

from mestore.core.market_settings import WompiSettings
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways import wompi_list, wompi_signatures
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
from mestore.payments.gateways.calls import json_of
from mestore.payments.gateways.tries import counted
from mestore.payments.gateways.wompi_answers import charge_of, data_of, list_of, refusal_in, says_reference_used
from mestore.payments.gateways.wompi_calls import WompiCalls
from mestore.payments.gateways.wompi_refunds import WompiRefunds
from mestore.payments.states import PaymentMethod, PaymentStatus

_REDIRECTING = frozenset({PaymentMethod.PSE, PaymentMethod.BANCOLOMBIA})
_CURRENCY = "COP"


class WompiGateway:
    name = "wompi"
    refundable = frozenset({PaymentMethod.CARD})
    refunds_once = False
    charges_again = False
    refunds_after = timedelta()

    def __init__(self, http: aiohttp.ClientSession, settings: WompiSettings) -> None:
        self._settings = settings
        self._calls = WompiCalls(http, settings)
        self._refunds = WompiRefunds(self._calls)

    async def start(self, attempt: Attempt) -> Charge:
        """A card without a token is not charged here: the buyer types it on Wompi's own page, and until Wompi has
        numbered what comes of it our reference stands for the transaction.
        """
        if attempt.method is PaymentMethod.CARD and not attempt.details.get("token"):
            return self._web_checkout(attempt)
        try:
            body = self._body(attempt, await self._acceptance())
        except (OutcomeUnknown, KeyError, TypeError) as error:
            told = error.__cause__.retry_after if isinstance(error.__cause__, NotCharged) else None
            raise NotCharged("Wompi gave no acceptance tokens", told) from error
        response = await self._calls.post("/transactions", body)
        if says_reference_used(response):
            charge = await self.find(attempt.reference)
            if charge is None:
                raise OutcomeUnknown("Wompi knows the reference, but not its transaction")
        elif (reason := refusal_in(response)) is not None:
            raise Refused(reason)
        elif response.status != HTTPStatus.CREATED:
            raise OutcomeUnknown(f"Wompi answered {response.status}")
        else:
            charge = charge_of(data_of(response))
        return await self._with_payment_url(charge) if attempt.method in _REDIRECTING else charge

    async def find(self, reference: str) -> Charge | None:
        response = await self._calls.ask("/transactions", params={"reference": reference})
        found = [charge for data in list_of(response) if (charge := charge_of(data)).reference == reference]
        return counted(found)

    async def find_transaction(self, transaction_id: str) -> Charge | None:
        response = await self._calls.ask(f"/transactions/{quote(transaction_id, safe='')}")
        return None if response.status == HTTPStatus.NOT_FOUND else charge_of(data_of(response))

    async def refund(self, wish: RefundWish) -> RefundAnswer:
        return await self._refunds.send(wish)

    async def find_refund(self, wish: RefundWish) -> RefundAnswer | None:
        return await self._refunds.find(wish)

    def list_day(self, day: date) -> AsyncIterator[Charge]:
        """Every transaction that was made on this day in Colombia.

        Raises:
            OutcomeUnknown: a page did not come.
        """
        return wompi_list.list_day(self._calls, day)

    async def banks(self) -> list[Bank]:
        """Where a buyer can pay from by PSE.

        Raises:
            OutcomeUnknown: Wompi did not answer.
        """
        public = {"Authorization": f"Bearer {self._settings.public_key}"}
        found = list_of(await self._calls.ask("/pse/financial_institutions", headers=public))
        try:
            return [
                Bank(str(each["financial_institution_code"]), str(each["financial_institution_name"])) for each in found
            ]
        except (KeyError, TypeError) as error:
            raise OutcomeUnknown("Wompi's answer has no banks") from error

    def read_webhook(self, raw: bytes) -> Announcement | None:
        try:
            event = json_of(raw)
        except ValueError as error:
            raise WrongSignature from error
        secret = self._settings.events_secret.get_secret_value()
        if not isinstance(event, dict) or not wompi_signatures.event_is_genuine(event, secret):
            raise WrongSignature
        if event.get("event") != "transaction.updated" or event.get("environment") != self._settings.environment:
            return None
        transaction = event["data"]["transaction"]
        transaction_id = str(transaction["id"])[:120]
        verified = json.dumps(wompi_signatures.signed_part(event)).encode()
        return Announcement(transaction_id, f"{transaction_id}:{transaction['status']}"[:200], verified)

    async def _acceptance(self) -> tuple[str, str]:
        """A fresh pair of tokens that say the buyer accepted Wompi's terms: each is good for one transaction."""
        headers = {"x-merchant-public-key": self._settings.public_key}
        data = data_of(await self._calls.ask("/merchants/info", headers=headers))
        terms, personal = data["presigned_acceptance"], data["presigned_personal_data_auth"]
        return str(terms["acceptance_token"]), str(personal["acceptance_token"])

    def _body(self, attempt: Attempt, acceptance: tuple[str, str]) -> dict[str, Any]:
        secret = self._settings.integrity_secret.get_secret_value()
        cents = attempt.amount.cents
        return {
            "acceptance_token": acceptance[0],
            "accept_personal_auth": acceptance[1],
            "amount_in_cents": cents,
            "currency": _CURRENCY,
            "customer_email": attempt.customer_email,
            "reference": attempt.reference,
            "signature": wompi_signatures.integrity(attempt.reference, cents, _CURRENCY, secret),
            "redirect_url": attempt.return_url,
            "payment_method": _payment_method(attempt),
            "customer_data": {
                "full_name": attempt.customer_name,
                "phone_number": attempt.customer_phone.removeprefix("+"),
            },
        }

    async def _with_payment_url(self, charge: Charge) -> Charge:
        """The charge once it has the bank's address, or is settled, or as it was when patience ends."""
        deadline = time.monotonic() + self._settings.payment_url_wait_seconds
        pause = 0.05
        while charge.status is PaymentStatus.PENDING and charge.payment_url is None and time.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
            try:
                charge = await self.find_transaction(charge.transaction_id) or charge
            except OutcomeUnknown:
                continue
        return charge

    def _web_checkout(self, attempt: Attempt) -> Charge:
        secret, cents = self._settings.integrity_secret.get_secret_value(), attempt.amount.cents
        until = f"{attempt.expires_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z" if attempt.expires_at else ""
        fields = {
            "public-key": self._settings.public_key,
            "currency": _CURRENCY,
            "amount-in-cents": str(cents),
            "reference": attempt.reference,
            "signature:integrity": wompi_signatures.integrity(attempt.reference, cents, _CURRENCY, secret, until),
            "redirect-url": attempt.return_url,
            **({"expiration-time": until} if until else {}),
        }
        return Charge(
            reference=attempt.reference,
            transaction_id=attempt.reference,
            status=PaymentStatus.PENDING,
            amount=attempt.amount,
            currency=_CURRENCY,
            payment_url=f"{self._settings.checkout_url}?{urlencode(fields)}",
        )


def _payment_method(attempt: Attempt) -> dict[str, Any]:
    details = attempt.details
    match attempt.method:
        case PaymentMethod.PSE:
            return {
                "type": "PSE",
                "user_type": 0 if details["user_type"] == "PERSON" else 1,
                "user_legal_id_type": details["document_type"],
                "user_legal_id": details["document_number"],
                "financial_institution_code": details["bank_code"],
                "payment_description": attempt.description[:30],
            }
        case PaymentMethod.CARD:
            return {"type": "CARD", "token": details["token"], "installments": details["installments"]}
        case PaymentMethod.NEQUI:
            return {"type": "NEQUI", "phone_number": str(details["phone"]).removeprefix("+57")}
        case PaymentMethod.BANCOLOMBIA:
            return {
                "type": "BANCOLOMBIA_TRANSFER",
                "user_type": "PERSON",
                "payment_description": attempt.description[:64],
            }
        case PaymentMethod.EFECTY:
            raise Refused("Wompi takes no cash")
