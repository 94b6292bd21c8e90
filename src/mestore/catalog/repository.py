"""Every query of the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Row, Select, Uuid, bindparam, func, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.errors import CategoryNotFound, ProductNotFound, SkuTaken
from mestore.catalog.models import Category, HoldState, Product, ProductStatus, StockHold
from mestore.core.ids import CategoryId, OrderId, ProductId, VendorId
from mestore.core.paging import Slice, decode, moment, slice_of
from mestore.vendors.models import Vendor, VendorStatus

Shown = Row[Product, Vendor, Category]


@dataclass(frozen=True)
class ProductFilter:
    vendor_id: VendorId | None = None
    category: str | None = None
    in_stock: bool = False


def _with_shop() -> Select[Product, Vendor, Category]:
    return (
        select(Product, Vendor, Category)
        .join(Vendor, Vendor.id == Product.vendedor_id)
        .join(Category, Category.id == Product.category_id)
        .where(Product.deleted_at.is_(None), Vendor.deleted_at.is_(None))
    )


def _public() -> Select[Product, Vendor, Category]:
    return _with_shop().where(Product.status == ProductStatus.APPROVED, Vendor.status == VendorStatus.APPROVED)


class ProductRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def public(self, product_id: ProductId) -> Shown:
        row = (await self._session.execute(_public().where(Product.id == product_id))).first()
        if row is None:
            raise ProductNotFound
        return row

    async def of_vendor(self, vendor_id: VendorId, product_id: ProductId) -> Shown:
        """Somebody else's product is as absent as one that never existed."""
        wanted = _with_shop().where(Product.id == product_id, Product.vendedor_id == vendor_id)
        row = (await self._session.execute(wanted)).first()
        if row is None:
            raise ProductNotFound
        return row

    async def newest(self, wanted: ProductFilter, limit: int, cursor: str | None, *, count: bool) -> Slice[Shown]:
        query = _public()
        if wanted.vendor_id is not None:
            query = query.where(Product.vendedor_id == wanted.vendor_id)
        if wanted.category is not None:
            query = query.where(Category.slug == wanted.category)
        if wanted.in_stock:
            query = query.where(Product.stock > Product.reserved)
        return await self._page(query, limit, cursor, count=count)

    async def all_of_vendor(self, vendor_id: VendorId, limit: int, cursor: str | None, *, count: bool) -> Slice[Shown]:
        return await self._page(_with_shop().where(Product.vendedor_id == vendor_id), limit, cursor, count=count)

    async def _page(
        self, query: Select[Product, Vendor, Category], limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Shown]:
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(tuple_(Product.created_at, Product.id) < decode(cursor, moment, UUID))
        query = query.order_by(Product.created_at.desc(), Product.id.desc()).limit(limit + 1)
        rows = (await self._session.execute(query)).all()
        return slice_of(rows, limit, lambda row: (row.Product.created_at.isoformat(), row.Product.id), total)

    async def add(self, values: dict[str, Any]) -> ProductId:
        """A new product's id.

        Raises:
            SkuTaken: the vendor sells one with this SKU, also when two are added at once.
        """
        added: ProductId | None = await self._session.scalar(
            insert_or_nothing(Product)
            .values(**values)
            .on_conflict_do_nothing(
                index_elements=[Product.vendedor_id, Product.sku], index_where=Product.deleted_at.is_(None)
            )
            .returning(Product.id)
        )
        if added is None:
            raise SkuTaken(values["sku"])
        return added

    async def category(self, category_id: CategoryId) -> Category:
        category = await self._session.get(Category, category_id)
        if category is None:
            raise CategoryNotFound
        return category

    async def categories(self) -> Sequence[Category]:
        return (await self._session.scalars(select(Category).order_by(Category.position, Category.name))).all()


_WANTED = "SELECT * FROM unnest(:ids, :quantities) AS w (product_id, quantity)"
_SELLABLE = (
    "p.status = 'APPROVED' AND p.deleted_at IS NULL"
    " AND EXISTS (SELECT FROM vendors v WHERE v.id = p.vendedor_id AND v.status = 'APPROVED' AND v.deleted_at IS NULL)"
)

# The rows are locked in id order first, and the condition is read again by the UPDATE on what the lock shows.
_RESERVE = text(f"""
    WITH wanted AS ({_WANTED}),
    locked AS (
        SELECT p.id FROM products p JOIN wanted w ON w.product_id = p.id
        WHERE {_SELLABLE} AND p.stock - p.reserved >= w.quantity
        ORDER BY p.id FOR NO KEY UPDATE OF p
    )
    UPDATE products p SET reserved = p.reserved + w.quantity
    FROM locked l JOIN wanted w ON w.product_id = l.id
    WHERE p.id = l.id AND {_SELLABLE} AND p.stock - p.reserved >= w.quantity
    RETURNING p.id, p.vendedor_id, p.name, p.sku, p.precio_venta, p.iva_class, w.quantity
""").bindparams(  # noqa: S608 - the parts are constants of this module
    bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Integer))
)

_AVAILABLE = text(f"SELECT p.stock - p.reserved FROM products p WHERE p.id = :id AND {_SELLABLE}").bindparams(  # noqa: S608
    bindparam("id", type_=Uuid)
)

_CLOSE_HOLDS = text("""
    WITH held AS (
        SELECT h.id, h.product_id, h.quantity FROM stock_holds h JOIN products p ON p.id = h.product_id
        WHERE h.order_id = :order_id AND h.state = 'OPEN'
        ORDER BY h.product_id FOR NO KEY UPDATE OF p
    ),
    given_back AS (
        UPDATE products p
        SET reserved = p.reserved - h.quantity, stock = p.stock - CASE WHEN :state = 'SOLD' THEN h.quantity ELSE 0 END
        FROM held h WHERE p.id = h.product_id
    )
    UPDATE stock_holds s SET state = :state, updated_at = now() FROM held h WHERE s.id = h.id RETURNING s.id
""").bindparams(bindparam("order_id", type_=BigInteger))


class StockRepository:
    """The figures of stock; an order's row is locked before its holds change."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def reserve(self, wanted: Mapping[ProductId, int]) -> Sequence[Row[Any]]:
        """Add to `reserved` wherever enough is left, and give those rows as they are now."""
        values = {"ids": list(wanted), "quantities": list(wanted.values())}
        return (await self._session.execute(_RESERVE, values)).all()

    async def available(self, product_id: ProductId) -> int | None:
        """`get_stock_disponible()` of a product that is for sale; None of any other."""
        available: int | None = await self._session.scalar(_AVAILABLE, {"id": product_id})
        return available

    async def add_holds(self, order_id: OrderId, quantities: Mapping[ProductId, int]) -> None:
        rows = [
            {"order_id": order_id, "product_id": product_id, "quantity": quantity, "state": HoldState.OPEN}
            for product_id, quantity in quantities.items()
        ]
        await self._session.execute(insert(StockHold), rows)

    async def close_holds(self, order_id: OrderId, state: HoldState) -> bool:
        """End the open holds of an order; whether there were any."""
        closed = await self._session.execute(_CLOSE_HOLDS, {"order_id": order_id, "state": state.value})
        return bool(closed.all())
