"""The facts about who pays: each question is one statement that finds all by indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import UserId
from mestore.core.money import ZERO, Money

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def _counted(attempts: str) -> str:
    """Attempts and declines. What came to nothing for want of us or of a gateway makes nobody suspicious: however often
    one order could not be tried it is one attempt, and none where another gateway took it.
    """
    return f"""(
        SELECT ARRAY[coalesce(sum(greatest(made, 1)), 0)::int, coalesce(sum(declined), 0)::int] FROM (
            SELECT count(*) FILTER (WHERE status <> 'ERROR' OR gateway_transaction_id IS NOT NULL) AS made,
                count(*) FILTER (WHERE status = 'DECLINED') AS declined
            FROM {attempts} GROUP BY order_id
        ) by_order
    )"""  # noqa: S608 - the part is a constant


VELOCITY = f"""
    WITH own AS (
        SELECT order_id, card_key, status, gateway_transaction_id, created_at FROM payments
        WHERE buyer_id = $1::uuid AND created_at > now() - $6::interval
    ),
    cards AS (SELECT DISTINCT card_key FROM own WHERE card_key IS NOT NULL)
    SELECT
        (SELECT max(amount) FROM payments WHERE buyer_id = $1 AND status = 'APPROVED' AND settles_order)
            AS largest,
        (SELECT document_number FROM vendors WHERE user_id = $1 AND deleted_at IS NULL) AS document_number,
        (SELECT count(*) FROM cards) AS cards,
        (SELECT max(buyers) FROM (
            SELECT count(DISTINCT buyer_id) AS buyers FROM payments
            WHERE card_key = ANY (ARRAY(SELECT card_key FROM cards)) AND created_at > now() - $6 GROUP BY card_key
        ) c) AS buyers_of_card,
        ARRAY(
            SELECT DISTINCT kind FROM fraud_blocks
            WHERE digest = ANY ($2::text[] || ARRAY(SELECT card_key FROM cards)) ORDER BY kind
        ) AS blocked,
        {_counted("own WHERE created_at > now() - $5::interval")} AS of_buyer,
        {_counted("payments WHERE device_key = $3::text AND created_at > now() - $5")} AS of_device,
        {_counted("payments WHERE address_key = $4::text AND created_at > now() - $5")} AS of_address
"""  # noqa: S608 - the parts are constants
"""Of `$1` a buyer, `$2` digests that may be blocked, `$3` a device and `$4` an address; `$5` an hour, `$6` a day."""

_OF_CARD = """
    SELECT
        (SELECT count(DISTINCT buyer_id) FROM payments WHERE card_key = $1 AND created_at > now() - $2::interval)
            AS buyers,
        EXISTS (SELECT FROM fraud_blocks WHERE digest = $1) AS blocked
"""


@dataclass(frozen=True)
class Velocity:
    """What the database knows of a payer; attempts and declines of the last hour, cards of the last day."""

    largest: Money
    document_number: str | None
    """The buyer's own, where there is a shop of theirs: an account alone has none."""
    cards: int
    buyers_of_card: int
    blocked: tuple[str, ...]
    of_buyer: tuple[int, int]
    of_device: tuple[int, int]
    of_address: tuple[int, int]


class SuspicionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def velocity(
        self, buyer_id: UserId, *, device_key: str | None, address_key: str | None, digests: Sequence[str]
    ) -> Velocity:
        """Of whoever pays from this device and address, and whether one of the digests is blocked."""
        traces = (list(digests), device_key, address_key)
        (row,) = await fetch(self._session, VELOCITY, buyer_id, *traces, _HOUR, _DAY)
        return Velocity(
            Money(row["largest"]) if row["largest"] else ZERO,
            row["document_number"],
            row["cards"],
            row["buyers_of_card"] or 0,
            tuple(map(str.lower, row["blocked"])),
            tuple(row["of_buyer"]),
            tuple(row["of_device"]),
            tuple(row["of_address"]),
        )

    async def of_card(self, card_key: str) -> tuple[int, bool]:
        """How many buyers tried a card in the last day, and whether it is blocked."""
        (row,) = await fetch(self._session, _OF_CARD, card_key, _DAY)
        return row["buyers"], row["blocked"]
