"""Reviews: by who has received what was bought, once for each purchase; answered by the vendor, hidden by moderators.

What is VISIBLE counts in the ratings of the product and its shop. A review's row is locked first and theirs changed
after it, in one transaction, so that a rating is always the sum of what is shown.
"""

from typing import Any

import structlog

from mestore.catalog.ratings import RatingService
from mestore.core.database import Session
from mestore.core.freshness import CATALOGUE, changed, product_tag
from mestore.core.ids import OrderItemId, ProductId, ReviewId, UserId
from mestore.core.paging import Page
from mestore.core.wiring import Clock
from mestore.reviews.errors import AlreadyReplied, AlreadyReviewed, NotDelivered, OwnProduct, ReplyNotFound
from mestore.reviews.models import Review, ReviewStatus
from mestore.reviews.names import public_name
from mestore.reviews.repository import ReviewRepository, Shown
from mestore.reviews.schemas import ModeratedReviewOut, ReviewChange, ReviewIn, ReviewOut
from mestore.users.models import User
from mestore.vendors.service import VendorService

log = structlog.get_logger(__name__)


class ReviewService:
    def __init__(self, session: Session, now: Clock) -> None:
        self._session = session
        self._now = now
        self._reviews = ReviewRepository(session)
        self._ratings = RatingService(session)
        self._vendors = VendorService(session)

    async def page(self, product_id: ProductId, limit: int, cursor: str | None, *, count: bool) -> Page[ReviewOut]:
        """What is shown of a product's reviews, the newest first.

        Raises:
            ProductNotFound: no such product is for sale.
            BadCursor: the cursor is not one of ours.
        """
        await self._ratings.require_public(product_id)
        found = await self._reviews.page(product_id, limit, cursor, count=count)
        items = [ReviewOut.model_validate(_shown(row)) for row in found.items]
        return Page(items=items, next_cursor=found.next_cursor, total=found.total)

    async def write(self, buyer: User, product_id: ProductId, review: ReviewIn) -> ReviewOut:
        """Keep what a buyer says of one purchase.

        Raises:
            ProductNotFound: no such product is for sale.
            OwnProduct: the caller sells it.
            NotDelivered: the caller has not bought it, or not received it yet.
            AlreadyReviewed: each such purchase, or the one that is named, has its review.
        """
        await self._ratings.require_public(product_id)
        if await self._reviews.owner(product_id) == buyer.id:
            raise OwnProduct
        wanted = OrderItemId(review.order_item_id) if review.order_item_id is not None else None
        item_id = await self._reviews.item_to_review(buyer.id, product_id, wanted)
        if item_id is None:
            received = await self._reviews.has_received(buyer.id, product_id, wanted)
            raise AlreadyReviewed if received else NotDelivered
        review_id = await self._reviews.add(
            {
                "product_id": product_id,
                "order_item_id": item_id,
                "buyer_id": buyer.id,
                "rating": review.rating,
                "text": review.text,
            }
        )
        if review_id is None:
            raise AlreadyReviewed
        await self._ratings.change(product_id, stars=review.rating, reviews=1)
        return await self._public(review_id)

    async def edit(self, buyer: User, product_id: ProductId, review_id: ReviewId, change: ReviewChange) -> ReviewOut:
        """Have the buyer say it differently. What a moderator has hidden stays hidden.

        Raises:
            ReviewNotFound: the caller wrote no such review of this product.
        """
        review = await self._reviews.lock_of_buyer(buyer.id, product_id, review_id)
        values = change.model_dump(exclude_none=True)
        if values:
            await self._reviews.change(review_id, values)
        if review.status is ReviewStatus.VISIBLE:
            await self._ratings.change(product_id, stars=values.get("rating", review.rating) - review.rating)
        return await self._public(review_id)

    async def reply(self, vendor: User, product_id: ProductId, review_id: ReviewId, text: str) -> ReviewOut:
        """Answer a review, once.

        Raises:
            ReviewNotFound: no such review of a product of the caller's shop is shown.
            AlreadyReplied: it has an answer.
        """
        review = await self._of_vendor(vendor.id, product_id, review_id)
        if review.reply is not None:
            raise AlreadyReplied
        return await self._reply(review, text)

    async def edit_reply(self, vendor: User, product_id: ProductId, review_id: ReviewId, text: str) -> ReviewOut:
        """Answer it differently.

        Raises:
            ReviewNotFound: no such review of a product of the caller's shop is shown.
            ReplyNotFound: it has no answer yet.
        """
        review = await self._of_vendor(vendor.id, product_id, review_id)
        if review.reply is None:
            raise ReplyNotFound
        return await self._reply(review, text)

    async def hide(
        self, moderator: User, product_id: ProductId, review_id: ReviewId, reason: str
    ) -> ModeratedReviewOut:
        """Take a review from the page and from the rating; hidden again, it only gets another reason.

        Raises:
            ReviewNotFound: the product has no such review.
        """
        return await self._moderate(moderator, product_id, review_id, reason)

    async def show(self, moderator: User, product_id: ProductId, review_id: ReviewId) -> ModeratedReviewOut:
        """Undo `hide`.

        Raises:
            ReviewNotFound: the product has no such review.
        """
        return await self._moderate(moderator, product_id, review_id, None)

    async def _moderate(
        self, moderator: User, product_id: ProductId, review_id: ReviewId, reason: str | None
    ) -> ModeratedReviewOut:
        status = ReviewStatus.VISIBLE if reason is None else ReviewStatus.HIDDEN
        review = await self._reviews.lock(product_id, review_id)
        await self._reviews.change(
            review_id, {"status": status, "hidden_reason": reason, "updated_at": Review.updated_at}
        )
        if review.status is not status:
            sign = 1 if status is ReviewStatus.VISIBLE else -1
            await self._ratings.change(product_id, stars=sign * review.rating, reviews=sign)
        log.info("review_moderated", review_id=str(review_id), status=status, by=str(moderator.id))
        return ModeratedReviewOut.model_validate(_shown(await self._reviews.shown(review_id)))

    async def _of_vendor(self, user_id: UserId, product_id: ProductId, review_id: ReviewId) -> Review:
        shop = await self._vendors.of_user(user_id)
        return await self._reviews.lock_of_vendor(shop.id, product_id, review_id)

    async def _reply(self, review: Review, text: str) -> ReviewOut:
        values: dict[str, Any] = {"reply": text, "replied_at": self._now(), "updated_at": Review.updated_at}
        await self._reviews.change(review.id, values)
        changed(self._session, product_tag(review.product_id), CATALOGUE)  # its page and its list of reviews show it
        return await self._public(review.id)

    async def _public(self, review_id: ReviewId) -> ReviewOut:
        return ReviewOut.model_validate(_shown(await self._reviews.shown(review_id)))


def _shown(row: Shown) -> dict[str, Any]:
    review, reviewer = row.Review, row.User
    shown = {name: getattr(review, name) for name in _PLAIN}
    return shown | {"reviewer": public_name(reviewer.full_name, erased=reviewer.deleted_at is not None)}


_PLAIN = (
    "id",
    "product_id",
    "rating",
    "text",
    "reply",
    "replied_at",
    "created_at",
    "updated_at",
    "status",
    "hidden_reason",
)
