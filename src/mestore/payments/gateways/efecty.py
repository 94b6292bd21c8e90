"""Efecty through Payválida's purchase orders (docs.payvalida.com): a code to pay in cash, whole pesos on the wire.

An order is born PENDIENTE with the code; what became of it is only ever read from the order itself. Payválida answers
200 to what it refuses and `CODE` says why. The order's number is unique for ever and so the guard against a second
one: "0042" means that an earlier call arrived, and is answered by asking for it.

A code that was taken twice at a counter is not told apart here, for notification and order look the same both times:
the file of collections shows it.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from mestore.core.clock import COLOMBIA, Now
from mestore.core.efecty_settings import EfectySettings
from mestore.core.money import Money
from mestore.core.working_days import end_of
from mestore.payments.barcode import SlipBarcode
from mestore.payments.errors import WrongSignature
from mestore.payments.gateways import payvalida_signatures
from mestore.payments.gateways.base import (
    Announcement,
    Attempt,
    Charge,
    Instructions,
    NotCharged,
    OutcomeUnknown,
    RefundAnswer,
    RefundWish,
    Refused,
)
from mestore.payments.gateways.calls import call, json_of
from mestore.payments.states import PaymentMethod, PaymentStatus

STATUSES = {
    "PENDIENTE": PaymentStatus.PENDING,
    "APROBADA": PaymentStatus.APPROVED,
    "VENCIDA": PaymentStatus.EXPIRED,
    "CANCELADA": PaymentStatus.VOIDED,
    "ANULADA": PaymentStatus.VOIDED,
}
REFUSALS = {
    "0001": "client unknown",
    "0011": "content",
    "0017": "merchant invalid",
    "0019": "merchant not authorised",
    "0021": "amount",
    "0022": "country",
    "0023": "currency",
    "0024": "lifetime",
    "0025": "checksum",
    "0026": "currency of another country",
    "0027": "method",
    "0029": "no description",
    "0031": "date",
    "0032": "date too early",
    "0033": "date too early",
    "0043": "code in use",
}
"""What no second try changes, by Payválida's `CODE`. Any other, 0009 ("processing error") too, leaves it unknown."""

_DONE = "0000"
_ORDER_EXISTS = "0042"
_ORDER_UNKNOWN = "0041"
_NOTHING_FOUND = "No se encontraron resultados"
_CURRENCY = "COP"
_COLOMBIA = 343
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_LIFE_TIME = re.compile(r"([0-9]{1,4})h?")
_CODE = re.compile(r"[0-9]{1,25}")
_ORDER = re.compile(r"[0-9A-Za-z]{1,120}")
_LONGEST_LIFE = timedelta(days=29)
_HYPHEN = "x"
"""Stands for it in order numbers, which have no special characters. No reference has this letter: order numbers are
in capitals, and what follows them is hexadecimal."""


class EfectyGateway:
    name = "efecty"
    refundable: frozenset[PaymentMethod] = frozenset()
    refunds_once = False
    charges_again = False
    refunds_after = timedelta()

    def __init__(self, http: aiohttp.ClientSession, settings: EfectySettings, now: Now) -> None:
        self._http = http
        self._settings = settings
        self._secret = settings.fixed_hash.get_secret_value()
        self._now = now

    async def start(self, attempt: Attempt) -> Charge:
        order, amount = _order_of(attempt.reference), self._pesos(attempt.amount)
        if len(attempt.customer_email) > 100:
            raise Refused("the e-mail address is longer than Payválida takes")
        expires_at = slip_end(self._now(), self._settings, attempt.expires_at)
        body = self._body(attempt, order, amount, expires_at)
        answer = await self._answer("POST", "", json=body)
        code = str(answer.get("CODE"))
        if code == _ORDER_EXISTS:
            known = await self.find(attempt.reference)
            if known is None:
                raise OutcomeUnknown("Payválida knows the order, but does not tell of it")
            return known
        if code in REFUSALS:
            raise Refused(f"Payválida refused it: {code} {REFUSALS[code]}: {answer.get('DESC')}"[:300])
        data = _data(answer)
        if data.get("OrdenID") != order or _money(data.get("Monto")) != attempt.amount:
            raise OutcomeUnknown("Payválida's answer is about another order")
        return Charge(
            reference=attempt.reference,
            transaction_id=order,
            status=PaymentStatus.PENDING,
            amount=attempt.amount,
            currency=_CURRENCY,
            payment_url=self._checkout(data),
            instructions=self._instructions(data.get("Referencia"), attempt.amount, expires_at),
        )

    async def find(self, reference: str) -> Charge | None:
        try:
            order = _order_of(reference)
        except Refused:
            return None
        return await self.find_transaction(order)

    async def find_transaction(self, transaction_id: str) -> Charge | None:
        """By the order's number, which is what `Charge.transaction_id` is here."""
        order = transaction_id
        if not _ORDER.fullmatch(order):
            return None
        checksum = payvalida_signatures.question(order, self._settings.merchant, self._secret)
        query = {"merchant": self._settings.merchant, "checksum": checksum}
        try:
            answer = await self._answer("GET", f"/{order}", params=query)
        except NotCharged as error:
            raise OutcomeUnknown(str(error)) from error
        if answer.get("CODE") == _ORDER_UNKNOWN or _NOTHING_FOUND in str(answer.get("DESC")):
            return None
        return self._charge(order, _data(answer))

    async def refund(self, wish: RefundWish) -> RefundAnswer:
        """Cash does not go back over a counter."""
        raise Refused(f"{wish.reference}: Payválida sends no cash back")

    async def find_refund(self, _wish: RefundWish) -> RefundAnswer | None:
        return None

    def read_webhook(self, raw: bytes) -> Announcement | None:
        try:
            body = json_of(raw)
        except ValueError as error:
            raise WrongSignature from error
        secret = self._settings.notification_hash.get_secret_value()
        if not isinstance(body, dict) or not payvalida_signatures.notification_is_genuine(body, secret):
            raise WrongSignature
        order, status = body["po_id"], body["status"]
        if not _ORDER.fullmatch(order):
            return None
        signed = {"po_id": order, "status": status, "pv_checksum": body["pv_checksum"]}
        return Announcement(order, f"{order}:{status}", json.dumps(signed).encode())

    def _pesos(self, amount: Money) -> str:
        pesos, centavos = divmod(amount.cents, 100)
        if centavos:
            raise Refused("a counter takes whole pesos")
        if not self._settings.min_amount <= pesos <= self._settings.max_amount:
            raise Refused(f"a counter takes {self._settings.min_amount} to {self._settings.max_amount} COP")
        return str(pesos)

    def _body(self, attempt: Attempt, order: str, amount: str, expires_at: datetime) -> dict[str, Any]:
        email = attempt.customer_email
        body = {
            "merchant": self._settings.merchant,
            "email": email,
            "country": _COLOMBIA,
            "order": order,
            "money": _CURRENCY,
            "amount": amount,
            "description": _plain(attempt.description)[:250].strip() or "Pedido",
            "method": self.name,
            "language": "es",
            "recurrent": False,
            "expiration": f"{expires_at.astimezone(COLOMBIA):%d/%m/%Y}",
            "iva": "0",
            "checksum": payvalida_signatures.creation(email, _COLOMBIA, order, _CURRENCY, amount, self._secret),
        }
        if name := _plain(attempt.customer_name)[:25].strip():
            body["user_name"] = name
        document = attempt.details.get("document_type"), attempt.details.get("document_number")
        if all(document) and len(str(document[0])) <= 3 and len(str(document[1])) <= 15:
            body |= {"user_type_di": str(document[0]), "user_di": str(document[1])}
        return body

    def _charge(self, order: str, data: Mapping[str, Any]) -> Charge:
        if data.get("ORDER") != order:
            raise OutcomeUnknown("Payválida's answer is about another order")
        try:
            status, amount = STATUSES[data["STATE"]], _money(data["AMOUNT"])
            return Charge(
                reference=order.replace(_HYPHEN, "-"),
                transaction_id=order,
                status=status,
                amount=amount,
                currency=str(data["CURRENCY"]),
                payment_url=self._checkout(data) if status is PaymentStatus.PENDING else None,
                message=None if status is PaymentStatus.PENDING else f"Payválida: {data['STATE']}",
                instructions=self._instructions(data["REFERENCE"], amount, _expiry(data)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OutcomeUnknown("Payválida's answer is not an order") from error

    def _instructions(self, code: Any, amount: Money, expires_at: datetime) -> Instructions:
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise OutcomeUnknown("Payválida's answer has no code")
        gln, day = self._settings.gln, expires_at.astimezone(COLOMBIA).date()
        # What was paid may have centavos that a barcode can't say; it is of no use then anyway.
        drawable = gln is not None and amount.cents > 0 and amount.cents % 100 == 0
        barcode = SlipBarcode(gln, code, amount, day).text if gln and drawable else None
        return Instructions(code, barcode, expires_at)

    def _checkout(self, data: Mapping[str, Any]) -> str | None:
        """The page's address, which comes without a scheme."""
        address = data.get("checkout")
        if not isinstance(address, str) or not address or len(address) > 1_900:
            return None
        return f"{urlsplit(self._settings.base_url).scheme}://{address}"

    async def _answer(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """What Payválida itself says; a page of somebody between, an overload or a redirection is no answer."""
        settings = self._settings
        response = await call(
            self._http,
            method,
            f"{settings.base_url}/api/v3/porders{path}",
            gateway="Payválida",
            waits=aiohttp.ClientTimeout(total=settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            **request,
        )
        if response.status != HTTPStatus.OK:
            raise OutcomeUnknown(f"Payválida answered {response.status}")
        try:
            answer = json_of(response.body)
        except ValueError as error:
            raise OutcomeUnknown("Payválida's answer is not JSON") from error
        if not isinstance(answer, dict) or not isinstance(answer.get("CODE"), str):
            raise OutcomeUnknown("Payválida's answer has no code")
        return answer


def slip_end(now: datetime, settings: EfectySettings, no_later_than: datetime | None = None) -> datetime:
    """Until when a slip made now can be paid, UTC: the end of a day in Colombia, for Payválida knows days only.

    The day on which `slip_hours` are over; or the last that ends by `no_later_than`, but today at least.
    """
    if no_later_than is None:
        return end_of((now + timedelta(hours=settings.slip_hours)).astimezone(COLOMBIA).date())
    day = min(no_later_than, now + _LONGEST_LIFE).astimezone(COLOMBIA).date()
    if end_of(day) > no_later_than:
        day -= timedelta(days=1)
    return end_of(max(day, now.astimezone(COLOMBIA).date()))


def _order_of(reference: str) -> str:
    order = reference.replace("-", _HYPHEN)
    if _HYPHEN in reference or not _ORDER.fullmatch(order):
        raise Refused("the reference can't be an order number of Payválida's")
    return order


def _plain(text: str) -> str:
    """Without accents and without anything that is neither letter, digit nor blank."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^0-9A-Za-z ]", " ", bare).split())


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    data = answer.get("DATA")
    if answer.get("CODE") != _DONE or not isinstance(data, dict):
        raise OutcomeUnknown(f"Payválida answered {answer.get('CODE')}: {answer.get('DESC')}"[:300])
    return data


def _money(text: Any) -> Money:
    """Of an amount as Payválida answers it, in pesos: `"150000.0"`.

    Raises:
        OutcomeUnknown: it is none.
    """
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise OutcomeUnknown("Payválida's answer has no amount")
    return Money(Decimal(text))


def _expiry(data: Mapping[str, Any]) -> datetime:
    """The end of the day in Colombia that the whole hours of an order's life lead to."""
    life = _LIFE_TIME.fullmatch(data["LIFE_TIME"])
    if life is None:
        raise ValueError("no life time")
    created = datetime.strptime(data["CREATION_DATE"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=COLOMBIA)
    return end_of((created + timedelta(hours=int(life[1]))).astimezone(COLOMBIA).date()).astimezone(UTC)
