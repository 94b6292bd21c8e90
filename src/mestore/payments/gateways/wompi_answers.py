"""What Wompi answers, and what it means: its statuses, its refusals, its transactions."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from mestore.core.money import Money
from mestore.payments.gateways.base import Charge, OutcomeUnknown
from mestore.payments.gateways.calls import Answer, json_of
from mestore.payments.states import PaymentStatus

_STATUSES = {
    "PENDING": PaymentStatus.PENDING,
    "APPROVED": PaymentStatus.APPROVED,
    "DECLINED": PaymentStatus.DECLINED,
    "ERROR": PaymentStatus.ERROR,
    "VOIDED": PaymentStatus.VOIDED,
}


_USED = b"La referencia ya ha sido usada"


def _json(response: Answer) -> Any:
    try:
        return json_of(response.body)
    except ValueError as error:
        raise OutcomeUnknown("Wompi's answer is not JSON") from error


def data_of(response: Answer) -> dict[str, Any]:
    """What an answer holds.

    Raises:
        OutcomeUnknown: it is no answer of Wompi's.
    """
    body = _json(response)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise OutcomeUnknown("Wompi's answer has no data")
    return data


def list_of(response: Answer) -> list[dict[str, Any]]:
    """What an answer lists.

    Raises:
        OutcomeUnknown: it is no answer of Wompi's.
    """
    body = _json(response)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list) or any(not isinstance(each, dict) for each in data):
        raise OutcomeUnknown("Wompi's answer has no list")
    return data


def charge_of(data: Mapping[str, Any]) -> Charge:
    """The charge that a transaction is, as Wompi tells of it.

    Raises:
        OutcomeUnknown: it is no transaction.
    """
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
            card=_card(extra) if isinstance(extra, Mapping) else None,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise OutcomeUnknown("Wompi's answer is not a transaction") from error


def _card(extra: Mapping[str, Any]) -> str | None:
    """Brand, first and last digits, and expiry tell one card from another; without all of them it is unknown."""
    parts = [extra.get(name) for name in ("brand", "bin", "last_four", "exp_month", "exp_year")]
    return None if None in parts else "-".join(map(str, parts))


def says_reference_used(response: Answer) -> bool:
    """Whether an earlier call with the same reference arrived."""
    return response.status == HTTPStatus.UNPROCESSABLE_ENTITY and _USED in response.body


def refusal_in(response: Answer) -> str | None:
    """Why Wompi itself refused; None when the answer is not Wompi's own "no" (a proxy's page, an overload)."""
    if not 400 <= response.status < 500 or response.status in (408, 429):
        return None
    try:
        error = _json(response)["error"]
        return f"{error['type']}: {error.get('reason') or error.get('messages')}"[:300]
    except (OutcomeUnknown, KeyError, TypeError, AttributeError):
        return None
