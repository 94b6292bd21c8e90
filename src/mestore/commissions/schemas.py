"""A commission, as its vendor sees it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.commissions.models import CommissionStatus
from mestore.core.boundary import Output
from mestore.core.money import Money


class CommissionOut(Output):
    id: int
    order_id: int
    package_id: int
    vendor_id: UUID
    base: Money
    rate: Annotated[Decimal, Field(examples=["0.0500"])]
    amount: Money
    status: CommissionStatus
    reversed_amount: Annotated[Money, Field(description="What of `amount` is given up, for what was refunded")]
    created_at: datetime
