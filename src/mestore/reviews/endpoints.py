"""The addresses of reviews."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from mestore.catalog.errors import ProductNotFound
from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.ids import ProductId, ReviewId
from mestore.core.paging import BadCursor, Page
from mestore.reviews.errors import (
    AlreadyReplied,
    AlreadyReviewed,
    NotDelivered,
    OwnProduct,
    ReplyNotFound,
    ReviewNotFound,
)
from mestore.reviews.schemas import HideIn, ModeratedReviewOut, ReplyIn, ReviewChange, ReviewIn, ReviewOut
from mestore.reviews.service import ReviewService
from mestore.users.current import CurrentAdmin, CurrentBuyer, CurrentVendor
from mestore.users.errors import NotSignedIn, SecondFactorNeeded, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products/{product_id}/reviews", tags=["reviews"], route_class=StrictRoute)

Reviews = Annotated[ReviewService, Depends()]
ProductPath = Annotated[Uuid, Path()]
ReviewPath = Annotated[Uuid, Path()]


@router.get("", summary="List a product's reviews", responses=refusals(ProductNotFound, BadCursor))
async def list_reviews(
    product_id: ProductPath,
    reviews: Reviews,
    limit: Annotated[Limit, Query(description="How many at most")] = 20,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before")] = None,
    total: Annotated[bool, Query(description="Count all, which costs time")] = False,
) -> Page[ReviewOut]:
    """The newest first."""
    return await reviews.page(ProductId(product_id), limit, cursor, count=total)


@router.post(
    "",
    summary="Review what I bought",
    status_code=201,
    responses=refusals(NotSignedIn, WrongAccountType, ProductNotFound, NotDelivered, AlreadyReviewed, OwnProduct),
)
async def write_review(product_id: ProductPath, body: ReviewIn, buyer: CurrentBuyer, reviews: Reviews) -> ReviewOut:
    """Once for each purchase that was delivered."""
    return await reviews.write(buyer, ProductId(product_id), body)


@router.patch(
    "/{review_id}",
    summary="Edit my review",
    responses=refusals(NotSignedIn, WrongAccountType, ReviewNotFound),
)
async def edit_review(
    product_id: ProductPath, review_id: ReviewPath, body: ReviewChange, buyer: CurrentBuyer, reviews: Reviews
) -> ReviewOut:
    return await reviews.edit(buyer, ProductId(product_id), ReviewId(review_id), body)


@router.post(
    "/{review_id}/reply",
    summary="Reply to a review of my product",
    status_code=201,
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, ReviewNotFound, AlreadyReplied),
)
async def reply_to_review(
    product_id: ProductPath, review_id: ReviewPath, body: ReplyIn, vendor: CurrentVendor, reviews: Reviews
) -> ReviewOut:
    return await reviews.reply(vendor, ProductId(product_id), ReviewId(review_id), body.text)


@router.put(
    "/{review_id}/reply",
    summary="Edit my reply to a review",
    responses=refusals(NotSignedIn, WrongAccountType, VendorNotFound, ReviewNotFound, ReplyNotFound),
)
async def edit_reply(
    product_id: ProductPath, review_id: ReviewPath, body: ReplyIn, vendor: CurrentVendor, reviews: Reviews
) -> ReviewOut:
    return await reviews.edit_reply(vendor, ProductId(product_id), ReviewId(review_id), body.text)


_MODERATORS = (NotSignedIn, WrongAccountType, SecondFactorNeeded, ReviewNotFound)


@router.post("/{review_id}/hide", summary="Hide a review", responses=refusals(*_MODERATORS))
async def hide_review(
    product_id: ProductPath, review_id: ReviewPath, body: HideIn, admin: CurrentAdmin, reviews: Reviews
) -> ModeratedReviewOut:
    """It leaves the page and the ratings of the product and its shop."""
    return await reviews.hide(admin, ProductId(product_id), ReviewId(review_id), body.reason)


@router.post("/{review_id}/show", summary="Show a hidden review again", responses=refusals(*_MODERATORS))
async def show_review(
    product_id: ProductPath, review_id: ReviewPath, admin: CurrentAdmin, reviews: Reviews
) -> ModeratedReviewOut:
    return await reviews.show(admin, ProductId(product_id), ReviewId(review_id))
