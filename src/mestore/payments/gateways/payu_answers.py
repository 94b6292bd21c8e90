"""What PayU answers, and what it means: its states, its refusals, and its books of one order."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from mestore.core.money import ZERO, Money, total
from mestore.payments.gateways.base import (
    Attempt,
    Bank,
    Charge,
    Instructions,
    OutcomeUnknown,
    RefundAnswer,
    RefundWish,
    Refused,
)
from mestore.payments.gateways.calls import Answer, json_of
from mestore.payments.gateways.payu_requests import CURRENCY
from mestore.payments.states import PaymentStatus, RefundStatus

STATUSES: Mapping[str, PaymentStatus] = {
    "APPROVED": PaymentStatus.APPROVED,
    "DECLINED": PaymentStatus.DECLINED,
    "ERROR": PaymentStatus.ERROR,
    "EXPIRED": PaymentStatus.EXPIRED,
    "PENDING": PaymentStatus.PENDING,
    "SUBMITTED": PaymentStatus.PENDING,
}
REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "APPROVED": RefundStatus.MADE,
    "DECLINED": RefundStatus.FAILED,
    "ERROR": RefundStatus.FAILED,
    "EXPIRED": RefundStatus.FAILED,
    "PENDING": RefundStatus.PROCESSING,
    "SUBMITTED": RefundStatus.PROCESSING,
}
_TAKEN_BACK: Mapping[str, PaymentStatus] = {
    "CANCELLED": PaymentStatus.VOIDED,
    "CHARGEBACK": PaymentStatus.VOIDED,
    "REFUNDED": PaymentStatus.REFUNDED,
}
_CHARGING = frozenset({"AUTHORIZATION_AND_CAPTURE", "CAPTURE"})
_REFUNDING = frozenset({"REFUND", "PARTIAL_REFUND"})
_REFUSED_BEFORE_ANYTHING = re.compile(r"invalid credentials|credenciales inválidas|property: ", re.IGNORECASE)
"""The two refusals that PayU documents. Any other error may have come after money moved."""
_ALREADY_REGISTERED = re.compile(r"already (been )?regist|ya (se encuentra|está) registrad", re.IGNORECASE)


def opened(response: Answer) -> dict[str, Any]:
    """A successful command's answer. PayU says 200 to what it refuses too: its `code` tells.

    Raises:
        Refused: PayU did not take the command.
        OutcomeUnknown: this is no answer of PayU's, or one that does not say whether anything happened.
    """
    body = _object(response)
    if body is not None and body.get("code") == "SUCCESS" and response.status == HTTPStatus.OK:
        return body
    error = str(body.get("error") or "")[:300] if body is not None and body.get("code") == "ERROR" else ""
    if _REFUSED_BEFORE_ANYTHING.match(error) or (error and response.status in (401, 422)):
        raise Refused(error)
    raise OutcomeUnknown(f"PayU answered {response.status} {error}".rstrip())


def says_already_registered(response: Answer) -> bool:
    """Whether a refund was asked for before: then the earlier one counts."""
    body = _object(response) or {}
    return body.get("code") == "ERROR" and bool(_ALREADY_REGISTERED.search(str(body.get("error"))))


def begun(body: Mapping[str, Any], attempt: Attempt) -> Charge:
    """The charge that a submitted transaction became. A decline is a success of the command."""
    try:
        answer = body["transactionResponse"]
        return Charge(
            reference=attempt.reference,
            transaction_id=name_of(answer["orderId"], answer["transactionId"]),
            status=STATUSES[answer["state"]],
            amount=attempt.amount,
            currency=CURRENCY,
            payment_url=_payment_url(answer),
            message=_message(answer),
            instructions=_instructions(answer),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise OutcomeUnknown("PayU's answer is not a transaction") from error


def name_of(order_id: Any, transaction_id: Any) -> str:
    """Our name for a transaction. PayU tells of one by its order only, so that the order's number belongs to it."""
    return f"{int(order_id)}:{str(transaction_id)[:60]}"


def parts_of(name: str) -> tuple[str, str] | None:
    """The order's and the transaction's; None for a name that is a reference of ours."""
    order_id, _, transaction_id = name.partition(":")
    return (order_id, transaction_id) if order_id.isascii() and order_id.isdigit() and transaction_id else None


def payload(body: Mapping[str, Any]) -> Any:
    """What a question found, or None."""
    result = body.get("result")
    if result is not None and not isinstance(result, dict):
        raise OutcomeUnknown("PayU's answer has no result")
    return result.get("payload") if result else None


def charges_in(order: Any) -> list[Charge]:
    """One for each try to pay the order, the newest last."""
    try:
        return list(_charges(order))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise OutcomeUnknown("PayU's answer is not an order") from error


def refund_in(order: Any, transaction_id: str, wish: RefundWish) -> RefundAnswer | None:
    """What became of the refund of a transaction; PayU allows one for an order."""
    try:
        states = [
            (REFUND_STATUSES[each["transactionResponse"]["state"]], str(each["id"]))
            for each in _transactions(order, _REFUNDING)
            if each["parentTransactionId"] == transaction_id
            and (wish.paid if each["type"] == "REFUND" else _value(each)) == wish.amount
        ]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise OutcomeUnknown("PayU's answer is not an order") from error
    living = [state for state in states if state[0] is not RefundStatus.FAILED]
    return RefundAnswer(*(living or states)[-1]) if states else None


def refund_begun(body: Mapping[str, Any]) -> RefundAnswer:
    """A refund is reviewed for days: `transactionId` comes only with its end."""
    try:
        answer = body["transactionResponse"]
        reference = answer.get("transactionId") or answer.get("responseMessage")
        return RefundAnswer(REFUND_STATUSES[answer["state"]], str(reference)[:120] if reference else None)
    except (KeyError, TypeError, AttributeError) as error:
        raise OutcomeUnknown("PayU's answer is not a refund") from error


def banks_in(body: Mapping[str, Any]) -> list[Bank]:
    """Without the line that only says "choose your bank"."""
    try:
        listed = [(str(each["pseCode"]), str(each["description"])) for each in body["banks"]]
    except (KeyError, TypeError) as error:
        raise OutcomeUnknown("PayU's answer has no banks") from error
    return [Bank(code, name) for code, name in listed if code.isascii() and code.isdigit() and int(code)]


def _object(response: Answer) -> dict[str, Any] | None:
    try:
        body = json_of(response.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _transactions(order: Any, types: frozenset[str]) -> list[dict[str, Any]]:
    return [each for each in order["transactions"] or () if each["type"] in types]


def _charges(order: Any) -> Iterator[Charge]:
    for each in _transactions(order, _CHARGING):
        answer = each["transactionResponse"]
        value = (each.get("additionalValues") or order["additionalValues"])["TX_VALUE"]
        amount = _money(value["value"])
        status = STATUSES[answer["state"]]
        yield Charge(
            reference=str(order["referenceCode"]),
            transaction_id=name_of(order["id"], each["id"]),
            status=_taken_back(order, each, amount) if status is PaymentStatus.APPROVED else status,
            amount=amount,
            currency=str(value["currency"]),
            payment_url=_payment_url(answer),
            message=_message(answer),
            instructions=_instructions(answer),
        )


def _taken_back(order: Any, approved: Mapping[str, Any], amount: Money) -> PaymentStatus:
    """What is left of a payment: PayU leaves it approved and tells of its return elsewhere in the order."""
    refunds = [
        each
        for each in _transactions(order, _REFUNDING)
        if each["parentTransactionId"] == approved["id"] and each["transactionResponse"]["state"] == "APPROVED"
    ]
    returned = total([amount if each["type"] == "REFUND" else _value(each) for each in refunds])
    if ZERO < returned < amount:
        return PaymentStatus.PARTIALLY_REFUNDED
    return PaymentStatus.REFUNDED if returned else _TAKEN_BACK.get(order["status"], PaymentStatus.APPROVED)


def _value(transaction: Mapping[str, Any]) -> Money:
    return _money(transaction["additionalValues"]["TX_VALUE"]["value"])


def _money(value: Any) -> Money:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError(value)
    return Money(value)


def _extra(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = answer.get("extraParameters")
    return extra if isinstance(extra, Mapping) else {}


def _payment_url(answer: Mapping[str, Any]) -> str | None:
    extra = _extra(answer)
    url = str(extra.get("BANK_URL") or extra.get("URL_PAYMENT_RECEIPT_HTML") or "")
    return url if url.startswith(("https://", "http://")) and len(url) <= 2_000 else None


def _instructions(answer: Mapping[str, Any]) -> Instructions | None:
    extra = _extra(answer)
    if not extra.get("REFERENCE") or not extra.get("EXPIRATION_DATE"):
        return None
    return Instructions(
        code=str(extra["REFERENCE"])[:40],
        barcode=None,
        expires_at=datetime.fromtimestamp(int(extra["EXPIRATION_DATE"]) // 1_000, UTC),
    )


def _message(answer: Mapping[str, Any]) -> str | None:
    said = [answer.get("responseCode"), answer.get("responseMessage") or answer.get("errorCode")]
    return ": ".join(str(each) for each in said if each)[:300] or None
