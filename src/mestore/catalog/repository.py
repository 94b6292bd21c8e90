"""Every query of the catalogue."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.errors import CategoryNotFound, ProductNotFound, SkuTaken
from mestore.catalog.models import Category, HoldState, MovementKind, Product, ProductSlug, StockMovement
from mestore.core.database import fetch
from mestore.core.ids import CategoryId, OrderId, ProductId, UserId, VendorId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.core.slugs import slug_of


def _live() -> Select[Product]:
    return select(Product).where(Product.deleted_at.is_(None))


class ProductRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_vendor(self, vendor_id: VendorId, product_id: ProductId) -> Product:
        """Somebody else's product is as absent as one that never existed."""
        return await self._one(_live().where(Product.id == product_id, Product.vendedor_id == vendor_id))

    async def exists(self, product_id: ProductId) -> bool:
        """Also when it was deleted."""
        return await self._session.scalar(select(Product.id).where(Product.id == product_id)) is not None

    async def locked(self, vendor_id: VendorId | None, product_id: ProductId) -> Product:
        """A product to change, its row held until the transaction ends; of any vendor where none is named."""
        query = _live().where(Product.id == product_id)
        if vendor_id is not None:
            query = query.where(Product.vendedor_id == vendor_id)
        return await self._one(query.with_for_update(key_share=True))

    async def many_locked(self, vendor_id: VendorId, product_ids: Sequence[ProductId]) -> dict[ProductId, Product]:
        """Those of these that are the vendor's, locked in id order, as everybody locks products."""
        query = _live().where(Product.id.in_(product_ids), Product.vendedor_id == vendor_id)
        found = await self._session.scalars(query.order_by(Product.id).with_for_update(key_share=True))
        return {product.id: product for product in found}

    async def _one(self, query: Select[Product]) -> Product:
        product = await self._session.scalar(query)
        if product is None:
            raise ProductNotFound
        return product

    async def movements(
        self, product_id: ProductId, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[StockMovement]:
        query = select(StockMovement).where(StockMovement.product_id == product_id)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(StockMovement.id < decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(StockMovement.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda row: (row.id,), total)

    async def add(self, values: dict[str, Any]) -> None:
        """A new product.

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

    async def free_slug(self, name: str) -> str:
        """An address for a product, this transaction's until it ends: of two that want one, the second waits.

        The name's own where it is free, else with six random letters after it.
        """
        nicest = slug_of(name, longest=200, otherwise="producto")
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(nicest, 0))))
        if await self._session.scalar(select(ProductSlug.slug).where(ProductSlug.slug == nicest)) is None:
            return nicest
        return f"{nicest}-{secrets.token_hex(3)}"

    async def keep_slug(self, product_id: ProductId) -> None:
        """Its address of now finds it for ever."""
        current = select(Product.slug, Product.id).where(Product.id == product_id)
        await self._session.execute(
            insert_or_nothing(ProductSlug).from_select(["slug", "product_id"], current).on_conflict_do_nothing()
        )

    async def add_movement(
        self, product_id: ProductId, kind: MovementKind, change: int, user_id: UserId, reason: str
    ) -> None:
        self._session.add(
            StockMovement(
                product_id=product_id, kind=kind, stock_change=change, reserved_change=0, user_id=user_id, reason=reason
            )
        )
        await self._session.flush()

    async def category(self, category_id: CategoryId) -> Category:
        """A category to put a product in; until this transaction ends nobody removes it."""
        wanted = select(Category).where(Category.id == category_id)
        category = await self._session.scalar(wanted.with_for_update(read=True, key_share=True))
        if category is None:
            raise CategoryNotFound
        return category


# Where PostgreSQL sees how long the arrays are, it plans anew for each order, which takes as long as to carry it out.
_UNITS = "SELECT * FROM unnest((SELECT $1::uuid[]), (SELECT $2::integer[])) AS w (product_id, quantity)"
_WANTED = "SELECT * FROM unnest(:ids, :quantities) AS w (product_id, quantity)"
_SELLABLE = (
    "p.status = 'APPROVED' AND p.deleted_at IS NULL"
    " AND EXISTS (SELECT FROM vendors v WHERE v.id = p.vendedor_id AND v.status = 'APPROVED' AND v.deleted_at IS NULL)"
)

# The rows are locked in id order first, and the condition is read again by the UPDATE on what the lock shows.
_RESERVE = f"""
    WITH wanted AS ({_UNITS}),
    locked AS (
        SELECT p.id FROM products p JOIN wanted w ON w.product_id = p.id
        WHERE {_SELLABLE} AND p.stock - p.reserved >= w.quantity
        ORDER BY p.id FOR NO KEY UPDATE OF p
    )
    UPDATE products p SET reserved = p.reserved + w.quantity
    FROM locked l JOIN wanted w ON w.product_id = l.id
    WHERE p.id = l.id AND {_SELLABLE} AND p.stock - p.reserved >= w.quantity
    RETURNING p.id, p.vendedor_id, p.name, p.sku, p.precio_venta, p.iva_class, w.quantity, p.weight_kg,
        p.withdrawal_excluded_reason
"""  # noqa: S608 - the parts are constants of this module

_AVAILABLE = text(f"SELECT p.stock - p.reserved FROM products p WHERE p.id = :id AND {_SELLABLE}").bindparams(  # noqa: S608
    bindparam("id", type_=Uuid)
)

_ADD_HOLDS = f"""
    WITH wanted AS ({_UNITS}),
    held AS (
        INSERT INTO stock_holds (order_id, product_id, quantity, state)
        SELECT $3::bigint, product_id, quantity, 'OPEN' FROM wanted
    )
    INSERT INTO stock_movements (product_id, kind, reserved_change, order_id)
    SELECT product_id, 'HOLD', quantity, $3::bigint FROM wanted
"""  # noqa: S608 - the parts are constants of this module

_CLOSE_HOLDS = """
    WITH held AS (
        SELECT h.id, h.product_id, h.quantity, CASE WHEN $2::varchar = 'SOLD' THEN h.quantity ELSE 0 END AS sold
        FROM stock_holds h JOIN products p ON p.id = h.product_id
        WHERE h.order_id = $1::bigint AND h.state = 'OPEN'
        ORDER BY h.product_id FOR NO KEY UPDATE OF p
    ),
    given_back AS (
        UPDATE products p SET reserved = p.reserved - h.quantity, stock = p.stock - h.sold,
            units_sold = p.units_sold + h.sold
        FROM held h WHERE p.id = h.product_id
    ),
    moved AS (
        INSERT INTO stock_movements (product_id, kind, stock_change, reserved_change, order_id)
        SELECT product_id, CASE WHEN $2::varchar = 'SOLD' THEN 'SALE' ELSE 'RELEASE' END, -sold, -quantity, $1::bigint
        FROM held
    )
    UPDATE stock_holds s SET state = $2::varchar, updated_at = now() FROM held h WHERE s.id = h.id
    RETURNING s.product_id
"""

# `enough` is of the rows as the lock shows them, and the lock keeps them so.
_HOLD_AGAIN = text("""
    WITH held AS (
        SELECT h.id, h.product_id, h.quantity, p.stock - p.reserved >= h.quantity AS enough
        FROM stock_holds h JOIN products p ON p.id = h.product_id
        WHERE h.order_id = :order_id AND h.state = 'RELEASED'
        ORDER BY h.product_id FOR NO KEY UPDATE OF p
    ),
    wanted AS (SELECT * FROM held WHERE (SELECT bool_and(enough) FROM held)),
    opened AS (
        UPDATE stock_holds h SET state = 'OPEN', updated_at = now() FROM wanted w WHERE h.id = w.id
    ),
    moved AS (
        INSERT INTO stock_movements (product_id, kind, reserved_change, order_id)
        SELECT product_id, 'HOLD', quantity, :order_id FROM wanted
    )
    UPDATE products p SET reserved = p.reserved + w.quantity FROM wanted w WHERE p.id = w.product_id
    RETURNING p.id
""").bindparams(bindparam("order_id", type_=BigInteger))

_GIVE_BACK = text(f"""
    WITH wanted AS ({_WANTED}),
    locked AS (
        SELECT h.id, h.product_id, w.quantity
        FROM stock_holds h JOIN wanted w USING (product_id) JOIN products p ON p.id = h.product_id
        WHERE h.order_id = :order_id AND h.state = 'SOLD' AND h.returned + w.quantity <= h.quantity
        ORDER BY h.product_id FOR NO KEY UPDATE OF p
    ),
    given_back AS (
        UPDATE stock_holds h SET returned = h.returned + l.quantity, updated_at = now() FROM locked l
        WHERE h.id = l.id
    ),
    moved AS (
        INSERT INTO stock_movements (product_id, kind, stock_change, order_id, reason)
        SELECT product_id, 'RETURN', quantity, :order_id, :reason FROM locked
    )
    UPDATE products p SET stock = p.stock + l.quantity, units_sold = p.units_sold - l.quantity
    FROM locked l WHERE p.id = l.product_id
    RETURNING p.id
""").bindparams(  # noqa: S608 - the parts are constants of this module
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("quantities", type_=ARRAY(Integer)),
    bindparam("order_id", type_=BigInteger),
)


class StockRepository:
    """The figures of stock; an order's row is locked before its holds change."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def reserve(self, wanted: Mapping[ProductId, int]) -> Sequence[Mapping[str, Any]]:
        """Add to `reserved` wherever enough is left, and give those rows as they are now."""
        return await fetch(self._session, _RESERVE, list(wanted), list(wanted.values()))

    async def available(self, product_id: ProductId) -> int | None:
        """`get_stock_disponible()` of a product that is for sale; None of any other."""
        available: int | None = await self._session.scalar(_AVAILABLE, {"id": product_id})
        return available

    async def add_holds(self, order_id: OrderId, quantities: Mapping[ProductId, int]) -> None:
        await fetch(self._session, _ADD_HOLDS, list(quantities), list(quantities.values()), order_id)

    async def close_holds(self, order_id: OrderId, state: HoldState) -> Sequence[ProductId]:
        """End the open holds of an order; of which products there were any."""
        return [row["product_id"] for row in await fetch(self._session, _CLOSE_HOLDS, order_id, state.value)]

    async def hold_again(self, order_id: OrderId) -> Sequence[ProductId]:
        """Open the released holds of an order again, all or none; of which products there were any."""
        return (await self._session.execute(_HOLD_AGAIN, {"order_id": order_id})).scalars().all()

    async def give_back(self, order_id: OrderId, units: Mapping[ProductId, int], reason: str) -> Sequence[ProductId]:
        """Sold units come back; of which products: of one that never had so many, none do."""
        values = {"order_id": order_id, "ids": list(units), "quantities": list(units.values()), "reason": reason}
        return (await self._session.execute(_GIVE_BACK, values)).scalars().all()
