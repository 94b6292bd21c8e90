"""Receipts of orders that were paid, for who paid and for the marketplace's staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mestore.core.database import Session, checkpoint
from mestore.core.ids import OrderId, VendorId
from mestore.core.money import Money
from mestore.orders.models import Order, OrderItem, Package
from mestore.orders.states import OrderStatus
from mestore.receipts.document import build
from mestore.receipts.errors import NoReceipt
from mestore.receipts.printer import printer
from mestore.receipts.receipt import Amounts, Delivery, Line, Part, Receipt, Seller
from mestore.receipts.repository import ReceiptRepository
from mestore.users.current import STAFF
from mestore.users.models import User
from mestore.vendors.models import Vendor
from mestore.vendors.service import VendorService


@dataclass(frozen=True)
class Printed:
    order_number: str
    content: bytes


class ReceiptService:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._receipts = ReceiptRepository(session)
        self._vendors = VendorService(session)

    async def printed(self, user: User, order_id: OrderId) -> Printed:
        """The receipt of the caller's order, or, for staff, of anybody's; no connection waits while it is made.

        Raises:
            OrderNotFound: there is no such order, or it is somebody else's.
            NoReceipt: it never was; one that was cancelled or refunded afterwards has its receipt.
            PrinterBusy: too many receipts are being made.
        """
        order, buyer_name = await self._receipts.order(order_id, None if user.user_type in STAFF else user.id)
        paid_at = _paid_at(order)
        vendors = await self._vendors.by_ids({package.vendor_id for package in order.packages})
        await checkpoint(self._session)
        receipt = _receipt(order, paid_at, buyer_name, vendors)
        return Printed(order.order_number, await printer.print(build, receipt))


def _paid_at(order: Order) -> datetime:
    for step in order.history:
        if step.package_id is None and step.to_status == OrderStatus.CONFIRMED:
            return step.at
    raise NoReceipt


def _receipt(order: Order, paid_at: datetime, buyer_name: str, vendors: Mapping[VendorId, Vendor]) -> Receipt:
    place = order.shipping_info
    return Receipt(
        order_number=order.order_number,
        status=order.status,
        placed_at=order.created_at,
        paid_at=paid_at,
        buyer_name=buyer_name,
        delivery=Delivery(place["name"], place["address"], f"{place['city']}, {place['department']}"),
        parts=[_part(package, order, vendors[package.vendor_id]) for package in order.packages],
        amounts=_amounts(order, order.total_amount),
    )


def _part(package: Package, order: Order, vendor: Vendor) -> Part:
    return Part(
        seller=Seller(vendor.business_name, vendor.document_type, vendor.document_number, vendor.city),
        status=package.status,
        lines=[_line(item) for item in order.items if item.package_id == package.id],
        amounts=_amounts(package, package.total),
    )


def _line(item: OrderItem) -> Line:
    return Line(
        name=item.name,
        sku=item.sku,
        quantity=item.quantity,
        unit_price=item.unit_price,
        discount=item.discount,
        iva_class=item.iva_class,
        iva_rate=item.iva_rate,
        iva_amount=item.iva_amount,
    )


def _amounts(of: Order | Package, total: Money) -> Amounts:
    return Amounts(of.subtotal, of.discount, of.iva_amount, of.shipping_cost, total)
