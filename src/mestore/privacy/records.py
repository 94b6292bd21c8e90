"""Which records speak of a person, what of them is shown to it, and what becomes of them when it is erased.

Whoever adds a table that names a user adds it here: `tests/privacy/test_records.py` fails until then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from mestore.auth.models import Authenticator, OtpCode, PasswordReset, RecoveryCode, RefreshToken
from mestore.cart.models import Cart, CartItem
from mestore.catalog.models import Product, StockMovement
from mestore.complaints.models import Complaint, ComplaintEvidence, ComplaintMessage
from mestore.complaints.states import ComplaintStatus
from mestore.core.database import Base
from mestore.core.idempotency import IdempotencyKey
from mestore.core.ids import UserId
from mestore.notifications.models import Message, MessageStatus
from mestore.orders.models import Order, OrderHistory, OrderItem, Package
from mestore.payments.collections.models import CollectionRecord
from mestore.payments.models import FraudBlock, Payment, PaymentCase, PaymentIntent, Refund
from mestore.payments.reconciliation.models import ReconciliationDifference
from mestore.returns.models import Return, ReturnHistory, ReturnItem
from mestore.reviews.models import Review
from mestore.spreadsheets.models import ProductImport
from mestore.tracking.models import TrackingEvent
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


_PAYER_KEYS = ("device_key", "address_key", "card_key")
"""They tell one payer from another, and only the marketplace who that was."""


def _orders(user_id: UserId) -> Any:
    return select(Order.id).where(Order.buyer_id == user_id)


def _packages(user_id: UserId) -> Any:
    return select(Package.id).where(Package.order_id.in_(_orders(user_id)))


def _shops(user_id: UserId) -> Any:
    return select(Vendor.id).where(Vendor.user_id == user_id)


def _payments(user_id: UserId) -> Any:
    return select(Payment.id).where(Payment.buyer_id == user_id)


def _returns(user_id: UserId) -> Any:
    return select(Return.id).where(Return.buyer_id == user_id)


def _complaints(user_id: UserId) -> Any:
    return select(Complaint.id).where(Complaint.user_id == user_id)


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
    Record(
        "cart_items",
        CartItem,
        lambda user: CartItem.cart_id.in_(select(Cart.id).where(Cart.user_id == user)),
        delete=True,
    ),
    Record("cart", Cart, lambda user: Cart.user_id == user, frozenset({"token_hash"}), delete=True),
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
    # When a package was where stays; what was typed beside may name who took it.
    Record(
        "tracking_events",
        TrackingEvent,
        lambda user: TrackingEvent.package_id.in_(_packages(user)),
        erase={"place": None, "message": None},
    ),
    Record(
        "payments",
        Payment,
        lambda user: Payment.buyer_id == user,
        frozenset({"ask_after", "asks", *_PAYER_KEYS}),
        erase={"payment_url": None, "return_url": None, "form": None, **dict.fromkeys(_PAYER_KEYS)},
    ),
    Record("payment_intents", PaymentIntent, lambda user: PaymentIntent.buyer_id == user, erase={"return_url": None}),
    Record(
        "collections",
        CollectionRecord,
        lambda user: or_(CollectionRecord.received_by == user, CollectionRecord.payment_id.in_(_payments(user))),
        frozenset({"received_by"}),
    ),
    # Whether the books of two companies agree says nothing of a person but who closed it.
    Record(
        "reconciliation_differences",
        ReconciliationDifference,
        lambda user: ReconciliationDifference.closed_by == user,
        shown=False,
    ),
    Record("payment_cases", PaymentCase, lambda user: PaymentCase.closed_by == user, shown=False),
    # Only who blocked is named: who is blocked can't be read from it.
    Record("fraud_blocks", FraudBlock, lambda user: FraudBlock.blocked_by == user, shown=False),
    # That money went back, and how much, stays; the account that it went to goes.
    Record(
        "refunds",
        Refund,
        lambda user: or_(Refund.made_by == user, Refund.asked_by == user, Refund.order_id.in_(_orders(user))),
        frozenset({"made_by", "asked_by", "ask_after", "asks", "sent_at"}),
        erase={"destination": None},
    ),
    # What came back and what was paid for it stays; why somebody did not want it goes.
    Record("returns", Return, lambda user: Return.buyer_id == user, erase={"reason": ""}),
    Record("return_items", ReturnItem, lambda user: ReturnItem.return_id.in_(_returns(user))),
    Record(
        "return_history",
        ReturnHistory,
        lambda user: or_(ReturnHistory.user_id == user, ReturnHistory.return_id.in_(_returns(user))),
        frozenset({"user_id"}),
    ),
    # The rating stays among those of its product; what was said, and answered to a name, goes.
    Record("reviews", Review, lambda user: Review.buyer_id == user, erase={"text": "", "reply": None}),
    # That it was filed, about which order and when, stays: the marketplace answers for that. First the complaint, which
    # whoever answers it right now holds: the answer is then among what is emptied.
    Record(
        "complaints",
        Complaint,
        lambda user: Complaint.user_id == user,
        erase={"subject": ERASED, "text": "", "status": ComplaintStatus.CLOSED},
    ),
    Record(
        "complaint_messages",
        ComplaintMessage,
        lambda user: or_(ComplaintMessage.user_id == user, ComplaintMessage.complaint_id.in_(_complaints(user))),
        frozenset({"user_id"}),
    ),
    # What somebody said for a shop in another's complaint is the shop's, and stays.
    Record(
        "complaint_words",
        ComplaintMessage,
        lambda user: ComplaintMessage.complaint_id.in_(_complaints(user)),
        erase={"text": ""},
        shown=False,
    ),
    Record(
        "complaint_evidence",
        ComplaintEvidence,
        lambda user: ComplaintEvidence.complaint_id.in_(_complaints(user)),
        frozenset({"folder"}),
        delete=True,
    ),
    Record("product_imports", ProductImport, lambda user: ProductImport.user_id == user, frozenset({"object_name"})),
    Record("stock_movements", StockMovement, lambda user: StockMovement.user_id == user),
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
