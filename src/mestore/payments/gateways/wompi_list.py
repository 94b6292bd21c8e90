"""Wompi's own list of a day, read to its end."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

from mestore.core.clock import COLOMBIA
from mestore.payments.gateways.base import Charge, OutcomeUnknown
from mestore.payments.gateways.wompi_answers import charge_of, list_of
from mestore.payments.gateways.wompi_calls import WompiCalls

_PAGE = 100
_MOST_PAGES = 10_000


async def list_day(calls: WompiCalls, day: date) -> AsyncIterator[Charge]:
    """Every transaction that was made on this day in Colombia, the oldest first.

    In whose days Wompi's dates are is not documented: the next one is read too, and the moment itself decides.

    Raises:
        OutcomeUnknown: a page did not come, or is none.
    """
    until = day + timedelta(days=1)
    for page in range(1, _MOST_PAGES):
        params = {
            "from_date": day.isoformat(),
            "until_date": until.isoformat(),
            "page": str(page),
            "page_size": str(_PAGE),
            "order_by": "created_at",
            "order": "ASC",
        }
        found = list_of(await calls.ask("/transactions", params=params))
        for transaction in found:
            if _made_on(transaction) == day:
                yield charge_of(transaction)
        if len(found) < _PAGE:
            return
    raise OutcomeUnknown("Wompi's list has no end")


def _made_on(transaction: dict[str, Any]) -> date:
    try:
        made_at = datetime.fromisoformat(transaction["created_at"])
    except (KeyError, TypeError, ValueError) as error:
        raise OutcomeUnknown("Wompi's answer is not a transaction") from error
    if made_at.tzinfo is None:
        raise OutcomeUnknown("Wompi does not say in whose time a transaction was made")
    return made_at.astimezone(COLOMBIA).date()
