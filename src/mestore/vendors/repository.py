"""Every query about shops."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.ids import UserId, VendorId
from mestore.vendors.errors import VendorNotFound
from mestore.vendors.models import DocumentType, Vendor, VendorStatus


def live() -> Select[Vendor]:
    return select(Vendor).where(Vendor.deleted_at.is_(None))


class VendorRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_user(self, user_id: UserId) -> Vendor:
        return await self._one(live().where(Vendor.user_id == user_id))

    async def public(self, slug: str) -> Vendor:
        """A shop that sells; one that waits, was rejected or is suspended is as absent as one that never was."""
        return await self._one(live().where(Vendor.slug == slug, Vendor.status == VendorStatus.APPROVED))

    async def by_ids(self, vendor_ids: Collection[VendorId]) -> Sequence[Vendor]:
        return (await self._session.scalars(select(Vendor).where(Vendor.id.in_(vendor_ids)))).all()

    async def add(self, values: dict[str, Any]) -> Vendor | None:
        """The new shop; None when its slug, document or owner has one, also when two come at once."""
        added = await self._session.execute(insert(Vendor).values(**values).on_conflict_do_nothing().returning(Vendor))
        return added.scalar_one_or_none()

    async def has_document(self, kind: DocumentType, number: str) -> bool:
        taken = select(Vendor.id).where(Vendor.document_type == kind, Vendor.document_number == number)
        return await self._session.scalar(taken) is not None

    async def rating_to_change(self, vendor_id: VendorId) -> Decimal | None:
        """A shop's rating, which nobody else changes until this transaction ends."""
        wanted = select(Vendor.rating).where(Vendor.id == vendor_id)
        return await self._session.scalar(wanted.with_for_update(key_share=True))

    async def add_to_rating(self, vendor_id: VendorId, stars: int, reviews: int) -> Row[str, Decimal | None]:
        """The shop's slug and its new rating. A buyer's opinion is no edit: `updated_at` stays the vendor's."""
        added = update(Vendor).where(Vendor.id == vendor_id)
        added = added.values(
            rating_sum=Vendor.rating_sum + stars,
            reviews_count=Vendor.reviews_count + reviews,
            updated_at=Vendor.updated_at,
        )
        returned = added.returning(Vendor.slug, Vendor.rating).execution_options(synchronize_session=False)
        return (await self._session.execute(returned)).one()

    async def _one(self, query: Select[Vendor]) -> Vendor:
        vendor = await self._session.scalar(query)
        if vendor is None:
            raise VendorNotFound
        return vendor
