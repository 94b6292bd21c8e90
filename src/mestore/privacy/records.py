"""Which records speak of a person, what of them is shown to it, and what becomes of them when it is erased.

Whoever adds a table that names a user adds it here: `tests/privacy/test_records.py` fails until then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from mestore.auth.models import Authenticator, OtpCode, PasswordReset, RecoveryCode, RefreshToken
from mestore.catalog.models import Product
from mestore.core.database import Base
from mestore.core.idempotency import IdempotencyKey
from mestore.core.ids import UserId
from mestore.notifications.models import Message, MessageStatus
from mestore.orders.models import Order, OrderHistory, OrderItem, Package
from mestore.payments.models import Payment
from mestore.users.models import Address, Consent, UserSession
from mestore.vendors.models import Vendor

ERASED = "Eliminado"
_NOW = func.clock_timestamp()


@dataclass(frozen=True)
class Record:
    """Rows of one table. A row that is about money stays, without what tells whose it was."""

    name: str
    table: type[Base]
    of: Callable[[UserId], ColumnElement[bool]]
    hidden: frozenset[str] = frozenset()
    """Secrets, and what is the marketplace's own business."""
    delete: bool = False
    erase: Mapping[str, Any] = field(default_factory=dict)
    shown: bool = True


def _orders(user_id: UserId) -> Any:
    return select(Order.id).where(Order.buyer_id == user_id)


def _shops(user_id: UserId) -> Any:
    return select(Vendor.id).where(Vendor.user_id == user_id)


def _told(user_id: UserId) -> ColumnElement[bool]:
    """Letters to this person, and those that told vendors to whom they send."""
    numbers = select(Order.order_number).where(Order.buyer_id == user_id)
    sent = Message.status.in_([MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.DROPPED])
    return or_(Message.receiver_id == user_id, sent & Message.context["order_number"].astext.in_(numbers))


_NOBODY = {"name": ERASED, "phone": "", "address": ERASED, "postal_code": None, "notes": ""}
"""The town stays: figures about deliveries need it, and it is nobody's alone."""

RECORDS = (
    Record(
        "refresh_tokens",
        RefreshToken,
        lambda user: RefreshToken.session_id.in_(select(UserSession.id).where(UserSession.user_id == user)),
        delete=True,
        shown=False,
    ),
    Record("sessions", UserSession, lambda user: UserSession.user_id == user, delete=True),
    Record("codes", OtpCode, lambda user: OtpCode.user_id == user, frozenset({"code_hash"}), delete=True),
    Record(
        "password_links",
        PasswordReset,
        lambda user: PasswordReset.user_id == user,
        frozenset({"salt", "token_hash"}),
        delete=True,
    ),
    Record(
        "authenticator",
        Authenticator,
        lambda user: Authenticator.user_id == user,
        frozenset({"secret", "last_step"}),
        delete=True,
    ),
    Record(
        "recovery_codes",
        RecoveryCode,
        lambda user: RecoveryCode.user_id == user,
        frozenset({"code_hash"}),
        delete=True,
    ),
    Record("addresses", Address, lambda user: Address.user_id == user, delete=True),
    # The law has us prove that there was a consent; from where it came tells who it was.
    Record("consents", Consent, lambda user: Consent.user_id == user, erase={"ip": None}),
    Record(
        "idempotency_keys",
        IdempotencyKey,
        lambda user: IdempotencyKey.owner_id == user,
        frozenset({"fingerprint", "body"}),
        delete=True,
    ),
    Record("letters", Message, lambda user: Message.receiver_id == user),
    Record("letters_about", Message, _told, erase={"context": {}}, shown=False),
    Record(
        "orders",
        Order,
        lambda user: Order.buyer_id == user,
        erase={"shipping_info": Order.shipping_info.op("||")(literal(_NOBODY, JSONB))},
    ),
    Record("order_items", OrderItem, lambda user: OrderItem.order_id.in_(_orders(user))),
    Record("packages", Package, lambda user: Package.order_id.in_(_orders(user))),
    Record(
        "order_history",
        OrderHistory,
        lambda user: or_(OrderHistory.user_id == user, OrderHistory.order_id.in_(_orders(user))),
        frozenset({"user_id"}),
    ),
    Record(
        "payments",
        Payment,
        lambda user: Payment.buyer_id == user,
        frozenset({"ask_after", "asks"}),
        erase={"payment_url": None, "return_url": None},
    ),
    # Who sold is what invoices say, which the law has us keep: the shop closes, its legal identity stays.
    Record("shop", Vendor, lambda user: Vendor.user_id == user, erase={"description": "", "deleted_at": _NOW}),
    Record(
        "products",
        Product,
        lambda user: Product.vendedor_id.in_(_shops(user)),
        erase={"deleted_at": func.coalesce(Product.deleted_at, _NOW)},
        shown=False,
    ),
)
"""In the order in which they are erased. The account itself is erased before all of them."""
