"""Money that Wompi sends back to a card (docs.wompi.co: "anulaciones", "reembolsos").

All of a transaction is voided where Wompi still does that; a part, and what is too late for that, goes back by
`/refunds`, which answers in its own time. Our reference is how a refund is found again. That refunds can be listed by
it (`GET /refunds?reference=`) is not documented: where Wompi does not, the outcome stays unknown, and a person looks.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from mestore.payments.gateways.base import OutcomeUnknown, RefundAnswer, RefundWish, Refused
from mestore.payments.gateways.wompi_answers import charge_of, data_of, list_of, refusal_in
from mestore.payments.gateways.wompi_calls import WompiCalls
from mestore.payments.states import PaymentStatus, RefundStatus

_STATUSES = {
    "PENDING": RefundStatus.PROCESSING,
    "APPROVED": RefundStatus.MADE,
    "DECLINED": RefundStatus.FAILED,
    "ERROR": RefundStatus.FAILED,
    "CANCELLED": RefundStatus.FAILED,
}


class WompiRefunds:
    def __init__(self, calls: WompiCalls) -> None:
        self._calls = calls

    async def send(self, wish: RefundWish) -> RefundAnswer:
        """A void, or a refund where there is none.

        Raises:
            NotCharged, Refused, OutcomeUnknown: of the money that was to go back.
        """
        if wish.amount == wish.paid and (voided := await self._void(wish)) is not None:
            return voided
        body = {
            "transaction_id": wish.transaction_id,
            "amount_in_cents": wish.amount.cents,
            "reason": wish.reason,
            "reference": wish.reference,
        }
        response = await self._calls.post("/refunds", body)
        if (reason := refusal_in(response)) is not None:
            raise Refused(reason)
        if response.status != HTTPStatus.CREATED:
            raise OutcomeUnknown(f"Wompi answered {response.status}")
        return _answer(data_of(response))

    async def find(self, wish: RefundWish) -> RefundAnswer | None:
        """Raises:
        OutcomeUnknown: Wompi did not answer.
        """
        if wish.amount == wish.paid and await self._status(wish) is PaymentStatus.VOIDED:
            return RefundAnswer(RefundStatus.MADE, wish.transaction_id)
        response = await self._calls.ask("/refunds", params={"reference": wish.reference})
        ours = (wish.reference, wish.transaction_id)
        told = [each for each in list_of(response) if (each.get("reference"), each.get("transaction_id")) == ours]
        answers = [_answer(each) for each in told]
        living = [answer for answer in answers if answer.status is not RefundStatus.FAILED]
        return next(iter(living or answers), None)

    async def _void(self, wish: RefundWish) -> RefundAnswer | None:
        """None when Wompi does not void it. That a void is taken does not say yet that the transaction is VOIDED."""
        path = f"/transactions/{quote(wish.transaction_id, safe='')}"
        response = await self._calls.post(f"{path}/void", {"amount_in_cents": wish.amount.cents})
        if (reason := refusal_in(response)) is not None:
            status = await self._status(wish)
            if status is None:
                raise Refused(reason)
            # An earlier call may have arrived.
            return RefundAnswer(RefundStatus.MADE, wish.transaction_id) if status is PaymentStatus.VOIDED else None
        if response.status != HTTPStatus.CREATED:
            raise OutcomeUnknown(f"Wompi answered {response.status}")
        taken = _status_of(data_of(response)) is not RefundStatus.FAILED
        return RefundAnswer(RefundStatus.PROCESSING, wish.transaction_id) if taken else None

    async def _status(self, wish: RefundWish) -> PaymentStatus | None:
        response = await self._calls.ask(f"/transactions/{quote(wish.transaction_id, safe='')}")
        return None if response.status == HTTPStatus.NOT_FOUND else charge_of(data_of(response)).status


def _answer(data: Mapping[str, Any]) -> RefundAnswer:
    number = data.get("v2_refund_id") or data.get("id")
    return RefundAnswer(_status_of(data), str(number)[:120] if number else None)


def _status_of(data: Mapping[str, Any]) -> RefundStatus:
    try:
        return _STATUSES[data["status"]]
    except (KeyError, TypeError) as error:
        raise OutcomeUnknown("Wompi's answer is not a refund") from error
