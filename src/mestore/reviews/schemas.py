"""Reviews: what buyers send, what everybody sees, and what moderators see besides."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Input, Line, Output, RowNumber, Text
from mestore.reviews.models import ReviewStatus

Stars = Annotated[int, Field(ge=1, le=5, examples=[5], description="From 1 to 5")]
Opinion = Annotated[Text, Field(max_length=2_000, examples=["Llegó en dos días y huele delicioso."])]
Reply = Annotated[Text, Field(min_length=1, max_length=2_000, examples=["¡Gracias por tu compra!"])]


class ReviewIn(Input):
    rating: Stars
    text: Opinion = ""
    order_item_id: Annotated[
        RowNumber | None,
        Field(examples=[None], description="Which purchase; left out, the oldest that has no review yet"),
    ] = None


class ReviewChange(Input):
    """What is left out stays as it is."""

    rating: Stars | None = None
    text: Opinion | None = None


class ReplyIn(Input):
    text: Reply


class HideIn(Input):
    reason: Annotated[Line, Field(examples=["Insulta al vendedor"])]


class ReviewOut(Output):
    id: UUID
    product_id: UUID
    rating: Annotated[int, Field(examples=[5])]
    text: Annotated[str, Field(examples=["Llegó en dos días y huele delicioso."])]
    reviewer: Annotated[str, Field(examples=["Ana R."], description="Who bought it, as far as others may know")]
    reply: Annotated[str, Field(examples=["¡Gracias por tu compra!"])] | None
    """The vendor's."""
    replied_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ModeratedReviewOut(ReviewOut):
    status: ReviewStatus
    hidden_reason: Annotated[str, Field(examples=["Insulta al vendedor"])] | None
