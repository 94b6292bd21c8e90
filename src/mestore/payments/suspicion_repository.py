"""The facts about who pays: each question is one statement that finds all by indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Interval, String, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import UserId
from mestore.core.money import ZERO, Money

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WINDOWS = (bindparam("hour", value=_HOUR, type_=Interval), bindparam("day", value=_DAY, type_=Interval))

VELOCITY = text("""
    WITH own AS (
        SELECT card_key, status, created_at FROM payments WHERE buyer_id = :buyer_id AND created_at > now() - :day
    ),
    cards AS (SELECT DISTINCT card_key FROM own WHERE card_key IS NOT NULL)
    SELECT
        (SELECT max(amount) FROM payments WHERE buyer_id = :buyer_id AND status = 'APPROVED' AND settles_order)
            AS largest,
        (SELECT document_number FROM vendors WHERE user_id = :buyer_id AND deleted_at IS NULL) AS document_number,
        (SELECT count(*) FROM cards) AS cards,
        (SELECT max(buyers) FROM (
            SELECT count(DISTINCT buyer_id) AS buyers FROM payments
            WHERE card_key = ANY (ARRAY(SELECT card_key FROM cards)) AND created_at > now() - :day GROUP BY card_key
        ) c) AS buyers_of_card,
        ARRAY(
            SELECT DISTINCT kind FROM fraud_blocks
            WHERE digest = ANY (:digests || ARRAY(SELECT card_key FROM cards)) ORDER BY kind
        ) AS blocked,
        (SELECT ARRAY[count(*), count(*) FILTER (WHERE status = 'DECLINED')] FROM own WHERE created_at > now() - :hour)
            AS of_buyer,
        (SELECT ARRAY[count(*), count(*) FILTER (WHERE status = 'DECLINED')] FROM payments
            WHERE device_key = :device_key AND created_at > now() - :hour) AS of_device,
        (SELECT ARRAY[count(*), count(*) FILTER (WHERE status = 'DECLINED')] FROM payments
            WHERE address_key = :address_key AND created_at > now() - :hour) AS of_address
""").bindparams(
    bindparam("buyer_id", type_=Uuid),
    bindparam("digests", type_=ARRAY(String)),
    bindparam("device_key", type_=String),
    bindparam("address_key", type_=String),
    *_WINDOWS,
)

_OF_CARD = text("""
    SELECT
        (SELECT count(DISTINCT buyer_id) FROM payments WHERE card_key = :card_key AND created_at > now() - :day)
            AS buyers,
        EXISTS (SELECT FROM fraud_blocks WHERE digest = :card_key) AS blocked
""").bindparams(bindparam("card_key", type_=String), _WINDOWS[1])


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
        values = {
            "buyer_id": buyer_id,
            "digests": list(digests),
            "device_key": device_key,
            "address_key": address_key,
        }
        row = (await self._session.execute(VELOCITY, values)).one()
        return Velocity(
            Money(row.largest) if row.largest else ZERO,
            row.document_number,
            row.cards,
            row.buyers_of_card or 0,
            tuple(map(str.lower, row.blocked)),
            tuple(row.of_buyer),
            tuple(row.of_device),
            tuple(row.of_address),
        )

    async def of_card(self, card_key: str) -> tuple[int, bool]:
        """How many buyers tried a card in the last day, and whether it is blocked."""
        row = (await self._session.execute(_OF_CARD, {"card_key": card_key})).one()
        return row.buyers, row.blocked
