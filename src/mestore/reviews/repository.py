"""Every query about reviews."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.models import Product
from mestore.core.ids import OrderItemId, ProductId, ReviewId, UserId, VendorId
from mestore.core.paging import Slice, decode, slice_of
from mestore.orders.models import Order, OrderItem, Package
from mestore.orders.states import PackageStatus
from mestore.reviews.errors import ReviewNotFound
from mestore.reviews.models import Review, ReviewStatus
from mestore.users.models import User
from mestore.vendors.models import Vendor

Shown = Row[Review, User]


def _delivered(buyer_id: UserId, product_id: ProductId) -> Select[Any]:
    return (
        select(OrderItem.id)
        .join(Order, Order.id == OrderItem.order_id)
        .join(Package, Package.id == OrderItem.package_id)
        .where(Order.buyer_id == buyer_id, OrderItem.product_id == product_id)
        .where(Package.status == PackageStatus.DELIVERED)
    )


def _with_reviewer() -> Select[Review, User]:
    return select(Review, User).join(User, User.id == Review.buyer_id)


class ReviewRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def item_to_review(
        self, buyer_id: UserId, product_id: ProductId, wanted: OrderItemId | None
    ) -> OrderItemId | None:
        """The wanted or the oldest purchase of a product that was delivered and that its buyer has not reviewed."""
        reviewed = exists().where(Review.order_item_id == OrderItem.id)
        query = _delivered(buyer_id, product_id).where(~reviewed)
        if wanted is not None:
            query = query.where(OrderItem.id == wanted)
        found: OrderItemId | None = await self._session.scalar(query.order_by(OrderItem.id).limit(1))
        return found

    async def has_received(self, buyer_id: UserId, product_id: ProductId, wanted: OrderItemId | None) -> bool:
        query = _delivered(buyer_id, product_id)
        if wanted is not None:
            query = query.where(OrderItem.id == wanted)
        return await self._session.scalar(query.limit(1)) is not None

    async def owner(self, product_id: ProductId) -> UserId | None:
        """Whose shop sells a product."""
        wanted = select(Vendor.user_id).join(Product, Product.vendedor_id == Vendor.id).where(Product.id == product_id)
        found: UserId | None = await self._session.scalar(wanted)
        return found

    async def add(self, values: dict[str, Any]) -> ReviewId | None:
        """A new review's id; None when its item has one, also when two are added at once."""
        added: ReviewId | None = await self._session.scalar(
            insert_or_nothing(Review)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[Review.order_item_id])
            .returning(Review.id)
        )
        return added

    async def shown(self, review_id: ReviewId) -> Shown:
        wanted = _with_reviewer().where(Review.id == review_id).execution_options(populate_existing=True)
        return (await self._session.execute(wanted)).one()

    async def lock(self, product_id: ProductId, review_id: ReviewId) -> Review:
        """A review, hidden or not, which nobody else changes until this transaction ends.

        Raises:
            ReviewNotFound: the product has no such review.
        """
        return await self._lock(Review.id == review_id, Review.product_id == product_id)

    async def lock_of_buyer(self, buyer_id: UserId, product_id: ProductId, review_id: ReviewId) -> Review:
        """The same, for who wrote it: somebody else's is as absent as one that never existed."""
        return await self._lock(Review.id == review_id, Review.product_id == product_id, Review.buyer_id == buyer_id)

    async def lock_of_vendor(self, vendor_id: VendorId, product_id: ProductId, review_id: ReviewId) -> Review:
        """The same, for whose shop sold what it is about, while it is shown."""
        sold = exists().where(OrderItem.id == Review.order_item_id, OrderItem.vendor_id == vendor_id)
        shown = Review.status == ReviewStatus.VISIBLE
        return await self._lock(Review.id == review_id, Review.product_id == product_id, sold, shown)

    async def _lock(self, *which: ColumnElement[bool]) -> Review:
        wanted = select(Review).where(*which).with_for_update(key_share=True)
        review = await self._session.scalar(wanted.execution_options(populate_existing=True))
        if review is None:
            raise ReviewNotFound
        return review

    async def change(self, review_id: ReviewId, values: dict[str, Any]) -> None:
        changed = update(Review).where(Review.id == review_id).values(**values)
        await self._session.execute(changed.execution_options(synchronize_session=False))

    async def page(self, product_id: ProductId, limit: int, cursor: str | None, *, count: bool) -> Slice[Shown]:
        """The newest first: ids grow with time."""
        query = _with_reviewer().where(Review.product_id == product_id, Review.status == ReviewStatus.VISIBLE)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            (last,) = decode(cursor, UUID)
            query = query.where(Review.id < last)
        rows = (await self._session.execute(query.order_by(Review.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda row: (row.Review.id,), total)
