"""A type per kind of id, so that a product's can't go where a user's belongs.

Users, vendors, categories and products are known to clients by UUIDs of version 7 (RFC 9562: ordered by time, so their
index grows at one end); orders, payments and commissions by integers.
"""

import secrets
import time
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
VendorId = NewType("VendorId", UUID)
CategoryId = NewType("CategoryId", UUID)
ProductId = NewType("ProductId", UUID)
ImageId = NewType("ImageId", UUID)
ReviewId = NewType("ReviewId", UUID)
ImportId = NewType("ImportId", UUID)
SessionId = NewType("SessionId", UUID)
ComplaintId = NewType("ComplaintId", UUID)
EvidenceId = NewType("EvidenceId", UUID)
OrderId = NewType("OrderId", int)
OrderItemId = NewType("OrderItemId", int)
PackageId = NewType("PackageId", int)
PaymentId = NewType("PaymentId", int)
PaymentIntentId = NewType("PaymentIntentId", UUID)
PaymentCaseId = NewType("PaymentCaseId", int)
FraudBlockId = NewType("FraudBlockId", int)
RefundId = NewType("RefundId", int)
ReturnId = NewType("ReturnId", int)
ReturnMoveId = NewType("ReturnMoveId", int)
CommissionId = NewType("CommissionId", int)
CartId = NewType("CartId", int)
CartItemId = NewType("CartItemId", int)
MessageId = NewType("MessageId", int)
ComplaintMessageId = NewType("ComplaintMessageId", int)
TrackingEventId = NewType("TrackingEventId", int)
GatewayEventId = NewType("GatewayEventId", int)
CollectionId = NewType("CollectionId", int)
DifferenceId = NewType("DifferenceId", int)


def new_uuid() -> UUID:
    """A UUID of version 7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    return UUID(
        int=(milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (random >> 62) << 64
        | 0b10 << 62
        | random & 0x3FFF_FFFF_FFFF_FFFF
    )
