"""Wompi, as its documentation describes it (docs.wompi.co): pesos in, centavos on the wire, pesos out.

A transaction is always born PENDING, and PSE's and Bancolombia's address of the bank comes only after a moment: `start`
polls for it. The unique `reference` is Wompi's only guard against charging twice; "ya ha sido usada" means that an
earlier call arrived, and is answered by asking for it.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from mestore.core.boundary import parse_json
from mestore.core.errors import Refusal
from mestore.core.money import Money
from mestore.core.settings import WompiSettings
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways import wompi_signatures
from mestore.payments.gateways.base import Announcement, Attempt, Charge, NotCharged, OutcomeUnknown, Refused
from mestore.payments.states import PaymentMethod, PaymentStatus

_STATUSES = {
    "PENDING": PaymentStatus.PENDING,
    "APPROVED": PaymentStatus.APPROVED,
    "DECLINED": PaymentStatus.DECLINED,
    "ERROR": PaymentStatus.ERROR,
    "VOIDED": PaymentStatus.VOIDED,
}
_REDIRECTING = frozenset({PaymentMethod.PSE, PaymentMethod.BANCOLOMBIA})
_MOST_BYTES = 1_000_000
_CURRENCY = "COP"


class WompiGateway:
    name = "wompi"

    def __init__(self, http: httpx.AsyncClient, settings: WompiSettings) -> None:
        self._http = http
        self._settings = settings
        self._private = {"Authorization": f"Bearer {settings.private_key.get_secret_value()}"}

    async def start(self, attempt: Attempt) -> Charge:
        try:
            body = self._body(attempt, await self._acceptance())
        except (OutcomeUnknown, KeyError, TypeError) as error:
            raise NotCharged("Wompi gave no acceptance tokens") from error
        response = await self._call("POST", "/transactions", headers=self._private, json=body)
        if _says_reference_used(response):
            charge = await self.find(attempt.reference)
            if charge is None:
                raise OutcomeUnknown("Wompi knows the reference, but not its transaction")
        elif (reason := _refusal(response)) is not None:
            raise Refused(reason)
        elif response.status_code != httpx.codes.CREATED:
            raise OutcomeUnknown(f"Wompi answered {response.status_code}")
        else:
            charge = _charge(_data(response))
        return await self._with_payment_url(charge) if attempt.method in _REDIRECTING else charge

    async def find(self, reference: str) -> Charge | None:
        response = await self._ask("/transactions", params={"reference": reference})
        found = [charge for data in _list(response) if (charge := _charge(data)).reference == reference]
        # One reference can have a declined and then an approved transaction.
        approved = [charge for charge in found if charge.status is PaymentStatus.APPROVED]
        return next(iter(approved or found), None)

    async def find_transaction(self, transaction_id: str) -> Charge | None:
        response = await self._ask(f"/transactions/{quote(transaction_id, safe='')}")
        return None if response.status_code == httpx.codes.NOT_FOUND else _charge(_data(response))

    def read_webhook(self, raw: bytes) -> Announcement | None:
        try:
            event = parse_json(raw)
        except (Refusal, ValueError) as error:
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
        data = _data(await self._ask("/merchants/info", headers=headers))
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
        pause = 0.1
        while charge.status is PaymentStatus.PENDING and charge.payment_url is None and time.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
            try:
                charge = await self.find_transaction(charge.transaction_id) or charge
            except OutcomeUnknown:
                continue
        return charge

    async def _ask(
        self, path: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A question that moves no money: any answer that is none means that we still do not know."""
        try:
            response = await self._call("GET", path, headers=headers or self._private, params=params)
        except NotCharged as error:
            raise OutcomeUnknown(str(error)) from error
        if response.status_code not in (httpx.codes.OK, httpx.codes.NOT_FOUND):
            raise OutcomeUnknown(f"Wompi answered {response.status_code}")
        return response

    async def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        settings = self._settings
        timeout = httpx.Timeout(settings.timeout_seconds, connect=settings.connect_timeout_seconds)
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                async with self._http.stream(method, settings.base_url + path, timeout=timeout, **request) as response:
                    await _read_bounded(response)
                    return response
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotCharged(f"Wompi was not reached: {type(error).__name__}") from error
        except (httpx.HTTPError, TimeoutError, httpx.InvalidURL) as error:
            raise OutcomeUnknown(f"Wompi did not answer: {type(error).__name__}") from error


async def _read_bounded(response: httpx.Response) -> None:
    """Read an answer, but no more than any honest one holds (OWASP API10)."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise OutcomeUnknown("Wompi's answer is too large")
    response._content = bytes(content)  # noqa: SLF001 - httpx offers no bounded read


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


def _json(response: httpx.Response) -> Any:
    try:
        return parse_json(response.content)
    except (Refusal, ValueError) as error:
        raise OutcomeUnknown("Wompi's answer is not JSON") from error


def _data(response: httpx.Response) -> dict[str, Any]:
    body = _json(response)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise OutcomeUnknown("Wompi's answer has no data")
    return data


def _list(response: httpx.Response) -> list[dict[str, Any]]:
    body = _json(response)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or any(not isinstance(each, dict) for each in data):
        raise OutcomeUnknown("Wompi's answer has no list")
    return data


def _charge(data: Mapping[str, Any]) -> Charge:
    try:
        method = data.get("payment_method")
        extra = method.get("extra") if isinstance(method, Mapping) else None
        url = extra.get("async_payment_url") if isinstance(extra, Mapping) else None
        return Charge(
            reference=str(data["reference"]),
            transaction_id=str(data["id"]),
            status=_STATUSES[data["status"]],
            amount=Money.of_cents(int(data["amount_in_cents"])),
            currency=str(data["currency"]),
            payment_url=str(url) if url else None,
            message=str(data["status_message"])[:300] if data.get("status_message") else None,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise OutcomeUnknown("Wompi's answer is not a transaction") from error


def _says_reference_used(response: httpx.Response) -> bool:
    return (
        response.status_code == httpx.codes.UNPROCESSABLE_ENTITY and "La referencia ya ha sido usada" in response.text
    )


def _refusal(response: httpx.Response) -> str | None:
    """Why Wompi itself refused; None when the answer is not Wompi's own "no" (a proxy's page, an overload)."""
    if not 400 <= response.status_code < 500 or response.status_code in (408, 429):
        return None
    try:
        error = _json(response)["error"]
        return f"{error['type']}: {error.get('reason') or error.get('messages')}"[:300]
    except (OutcomeUnknown, KeyError, TypeError, AttributeError):
        return None
