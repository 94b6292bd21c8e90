"""Writing an order: one statement, so that its stock is locked for as short as can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import fetch
from mestore.core.ids import UserId, VendorId
from mestore.core.money import Money
from mestore.orders.schemas import OrderOut
from mestore.orders.states import Actor, OrderStatus, PackageStatus
from mestore.orders.totals import Line, Totals, VendorPackage, order_totals
from mestore.shipping.promises import DeliveryPromise

_PLACED = "placed"

_WRITE = """
    WITH placed AS (
        INSERT INTO orders (order_number, buyer_id, status, subtotal, discount, iva_amount, shipping_cost,
            total_amount, shipping_info, expires_at)
        VALUES ($1::text, $2::uuid, 'PENDING', $3::numeric, $4::numeric, $5::numeric, $6::numeric, $7::numeric,
            $8::jsonb, now() + $9::interval)
        RETURNING id, created_at, expires_at
    ),
    sent AS (
        INSERT INTO packages (order_id, vendor_id, status, subtotal, discount, iva_amount, shipping_cost, total,
            promised_from, promised_by)
        SELECT placed.id, p.vendor_id, 'PENDING', p.subtotal, p.discount, p.iva_amount, p.shipping_cost, p.total,
            p.promised_from, p.promised_by
        FROM placed, jsonb_to_recordset($10::jsonb) AS p (vendor_id uuid, subtotal numeric, discount numeric,
            iva_amount numeric, shipping_cost numeric, total numeric, promised_from date, promised_by date)
        RETURNING id, vendor_id
    ),
    bought AS (
        INSERT INTO order_items (order_id, package_id, product_id, vendor_id, name, sku, quantity, unit_price,
            discount, iva_class, iva_rate, iva_amount, total_price, return_excluded_reason)
        SELECT placed.id, sent.id, i.product_id, i.vendor_id, i.name, i.sku, i.quantity, i.unit_price,
            i.discount, i.iva_class, i.iva_rate, i.iva_amount, i.total_price, i.return_excluded_reason
        FROM placed, sent JOIN jsonb_to_recordset($11::jsonb) AS i (product_id uuid, vendor_id uuid, name text,
            sku text, quantity integer, unit_price numeric, discount numeric, iva_class text, iva_rate numeric,
            iva_amount numeric, total_price numeric, return_excluded_reason text)
            ON i.vendor_id = sent.vendor_id
        RETURNING id, product_id
    ),
    told AS (
        INSERT INTO order_history (order_id, to_status, actor, user_id, reason)
        SELECT id, 'PENDING', 'BUYER', $2::uuid, $12::text FROM placed
    )
    SELECT placed.*, (SELECT json_object_agg(vendor_id, id) FROM sent) AS package_ids,
        (SELECT json_object_agg(product_id, id) FROM bought) AS item_ids
    FROM placed
"""


@dataclass(frozen=True)
class NewOrder:
    """All that an order is when it is placed."""

    order_number: str
    buyer_id: UserId
    packages: Sequence[VendorPackage]
    promises: Mapping[VendorId, DeliveryPromise]
    shipping_info: dict[str, Any]
    hold: timedelta

    @cached_property
    def totals(self) -> Totals:
        return order_totals(self.packages)


class PlacingRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def write(self, new: NewOrder) -> OrderOut:
        """The order as it was written, with its packages, items and first row of history."""
        totals = {**_amounts(new.totals), "total_amount": new.totals.total_amount}
        packages = [_package(package, new.promises[package.vendor_id]) for package in new.packages]
        items = [_item(line) for package in new.packages for line in package.lines]
        (row,) = await fetch(
            self._session,
            _WRITE,
            new.order_number,
            new.buyer_id,
            *(amount.amount for amount in totals.values()),
            _json(new.shipping_info),
            new.hold,
            _json(packages),
            _json(items),
            _PLACED,
        )
        package_ids, item_ids = row["package_ids"], row["item_ids"]
        for package in packages:
            package.update(_NOT_SENT, id=package_ids[str(package["vendor_id"])])
        for item in items:
            item.update(
                _NOT_RETURNED,
                id=item_ids[str(item["product_id"])],
                package_id=package_ids[str(item["vendor_id"])],
            )
        return OrderOut.model_validate(
            {
                **totals,
                "id": row["id"],
                "order_number": new.order_number,
                "status": OrderStatus.PENDING,
                "buyer_id": new.buyer_id,
                "shipping_info": new.shipping_info,
                "expires_at": row["expires_at"],
                "created_at": row["created_at"],
                "packages": packages,
                "items": sorted(items, key=itemgetter("id")),
                "history": [{"at": row["created_at"], **_FIRST_MOVE}],
            }
        )


_NOT_SENT = {
    "status": PackageStatus.PENDING,
    **dict.fromkeys(("carrier", "guide_number", "shipped_at", "delivered_at", "returnable_until")),
}
_NOT_RETURNED = {"returned_units": 0, "refunded_units": 0}
_FIRST_MOVE = {
    "from_status": None,
    "to_status": OrderStatus.PENDING,
    "actor": Actor.BUYER,
    "reason": _PLACED,
    "package_id": None,
}


def _json(value: Any) -> str:
    """Money and decimals as texts, which PostgreSQL reads exactly."""
    return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _package(package: VendorPackage, promise: DeliveryPromise) -> dict[str, Any]:
    return {
        "vendor_id": package.vendor_id,
        **_amounts(package.totals),
        "total": package.totals.total_amount,
        "promised_from": promise.earliest,
        "promised_by": promise.latest,
    }


def _item(line: Line) -> dict[str, Any]:
    product = line.product
    return {
        "product_id": product.product_id,
        "vendor_id": product.vendor_id,
        "name": product.name,
        "sku": product.sku,
        "quantity": product.quantity,
        "unit_price": product.unit_price,
        "discount": line.discount,
        "iva_class": product.iva_class,
        "iva_rate": product.iva_class.rate,
        "iva_amount": line.iva_amount,
        "total_price": line.total_price,
        "return_excluded_reason": product.return_excluded_reason,
    }


def _amounts(totals: Totals) -> dict[str, Money]:
    return {
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "iva_amount": totals.iva_amount,
        "shipping_cost": totals.shipping_cost,
    }
