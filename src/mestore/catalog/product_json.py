"""A product as everybody may see it, written as JSON by PostgreSQL.

One expression for all public answers (lists, details, searches), so that what is public is decided in one place.
`ProductOut` says the same as a model; `tests/catalog/test_product_json.py` holds the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.models import IvaClass, ProductStatus
from mestore.core.ids import ProductId, VendorId
from mestore.core.paging import decode, moment, slice_of
from mestore.core.reads import Reads, ReadyJson, page

_RATE = " ".join(["CASE p.iva_class", *(f"WHEN '{kind}' THEN {kind.rate}" for kind in IvaClass), "END"])
_MOMENT = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''
_SIZES = (1200, 900, 600, 300, 150)
_URLS = ", ".join(f"'{size}', $1 || '/' || i.folder || '/{size}.webp'" for size in _SIZES)

IMAGES = f"""coalesce((
    SELECT json_agg(json_build_object('id', i.id, 'alt', i.alt, 'position', i.position, 'width', i.width,
        'height', i.height, 'color', i.color,
        'urls', json_build_object({_URLS}, 'preview', $1 || '/' || i.folder || '/preview.jpg')
    ) ORDER BY i.position) FROM product_images i WHERE i.product_id = p.id
), '[]')"""
"""`$1` is where pictures are served from."""

_SHOWN = f"""
    'id', p.id, 'sku', p.sku, 'name', p.name, 'slug', p.slug, 'description', p.description, 'brand', p.brand,
    'status', p.status, 'precio_venta', p.precio_venta::text, 'iva_rate', ({_RATE})::text,
    'precio_con_iva', (p.precio_venta + round(p.precio_venta * ({_RATE})))::numeric(14, 2)::text,
    'stock_disponible', p.stock - p.reserved, 'in_stock', p.stock > p.reserved, 'vendedor_id', p.vendedor_id,
    'vendor', json_build_object('slug', v.slug, 'business_name', v.business_name, 'rating', v.rating::text),
    'category', json_build_object('id', c.id, 'slug', c.slug, 'name', c.name),
    'images', {IMAGES}, 'attributes', p.attributes,
    'withdrawal_excluded_reason', p.withdrawal_excluded_reason,
    'rating', p.rating::text, 'reviews_count', p.reviews_count,
    'created_at', to_char(p.created_at, {_MOMENT}), 'updated_at', to_char(p.updated_at, {_MOMENT})"""
_SHOWN_TO_OWNER = """
    'precio_costo', p.precio_costo::text, 'iva_class', p.iva_class, 'weight_kg', p.weight_kg::text,
    'tags', to_json(p.tags), 'stock', p.stock, 'reserved', p.reserved, 'units_sold', p.units_sold,
    'rejection_reason', p.rejection_reason"""

PRODUCT = f"json_build_object({_SHOWN})::text"
"""Of a product `p`, its vendor `v` and its category `c`; sessions of ours keep their time in UTC."""

OWN_PRODUCT = f"json_build_object({_SHOWN},{_SHOWN_TO_OWNER})::text"
ADMIN_PRODUCT = f"""json_build_object({_SHOWN},{_SHOWN_TO_OWNER},
    'vendor_status', v.status, 'deleted_at', to_char(p.deleted_at, {_MOMENT}))::text"""

FOR_SALE = "p.status = 'APPROVED' AND p.deleted_at IS NULL"
SELLS = "v.status = 'APPROVED' AND v.deleted_at IS NULL"
_BY_ID = f"""
    SELECT {PRODUCT} FROM products p JOIN vendors v ON v.id = p.vendedor_id JOIN categories c ON c.id = p.category_id
    WHERE p.id = $2 AND {FOR_SALE} AND {SELLS}"""
_BY_SLUG = f"""
    SELECT {PRODUCT} FROM product_slugs s JOIN products p ON p.id = s.product_id
    JOIN vendors v ON v.id = p.vendedor_id JOIN categories c ON c.id = p.category_id
    WHERE s.slug = $2 AND {FOR_SALE} AND {SELLS}"""
_BY_IDS = f"""
    SELECT {PRODUCT} FROM unnest($2::uuid[]) WITH ORDINALITY AS wanted (id, place)
    JOIN products p ON p.id = wanted.id JOIN vendors v ON v.id = p.vendedor_id JOIN categories c ON c.id = p.category_id
    WHERE {FOR_SALE} AND {SELLS} ORDER BY wanted.place"""


async def product_json(reads: Reads, images_url: str, product_id: ProductId) -> str | None:
    """The product; None when it is not for sale."""
    return await reads.text(_BY_ID, images_url, product_id)


async def product_json_by_slug(reads: Reads, images_url: str, slug: str) -> str | None:
    """The product that has or had this address; None when it is not for sale."""
    return await reads.text(_BY_SLUG, images_url, slug)


async def products_json(reads: Reads, images_url: str, product_ids: Sequence[ProductId]) -> list[str]:
    """Those of these products that are for sale now, in this order."""
    return [row[0] for row in await reads.fetch(_BY_IDS, images_url, list(product_ids))]


_OF_A_PRODUCT = """
    FROM products p JOIN vendors v ON v.id = p.vendedor_id JOIN categories c ON c.id = p.category_id WHERE p.id = $2"""


async def own_product_json(session: AsyncSession, images_url: str, product_id: ProductId) -> str:
    """As its vendor sees it, within this transaction; whose it is was looked at before."""
    return await _one(session, f"SELECT {OWN_PRODUCT} {_OF_A_PRODUCT}", images_url, product_id)


async def admin_product_json(session: AsyncSession, images_url: str, product_id: ProductId) -> str:
    """As an administrator sees it, within this transaction."""
    return await _one(session, f"SELECT {ADMIN_PRODUCT} {_OF_A_PRODUCT}", images_url, product_id)


async def public_product_json(session: AsyncSession, images_url: str, product_id: ProductId) -> str:
    """As everybody would see it, within this transaction, were it for sale or not."""
    return await _one(session, f"SELECT {PRODUCT} {_OF_A_PRODUCT}", images_url, product_id)


async def own_products_json(
    session: AsyncSession, images_url: str, wanted: "OwnWanted", limit: int, cursor: str | None, *, count: bool
) -> ReadyJson:
    """A page of a shop's products, the newest first, whatever their status.

    Raises:
        BadCursor: it is not ours.
    """
    conditions = ["p.deleted_at IS NULL", "p.vendedor_id = $2"]
    values: list[Any] = [images_url, wanted.vendor_id]
    if wanted.status is not None:
        values.append(wanted.status.value)
        conditions.append(f"p.status = ${len(values)}")
    if wanted.text is not None:
        values.append(wanted.text)
        conditions.append(f"(position(fold(${len(values)}) IN p.name_key) > 0 OR p.sku = upper(${len(values)}))")
    if wanted.low_stock is not None:
        values.append(wanted.low_stock)
        conditions.append(f"p.stock - p.reserved <= ${len(values)}")
    return await _page(session, OWN_PRODUCT, conditions, values, limit, cursor, count=count, newest_first=True)


async def products_of_status_json(
    session: AsyncSession, images_url: str, status: ProductStatus, limit: int, cursor: str | None, *, count: bool
) -> ReadyJson:
    """A page of all shops' products of one status, the oldest first.

    Raises:
        BadCursor: it is not ours.
    """
    conditions = ["p.deleted_at IS NULL", "p.status = $2"]
    values = [images_url, status.value]
    return await _page(session, ADMIN_PRODUCT, conditions, values, limit, cursor, count=count, newest_first=False)


@dataclass(frozen=True)
class OwnWanted:
    vendor_id: VendorId
    status: ProductStatus | None = None
    text: str | None = None
    low_stock: int | None = None
    """Only what has at most so many units left to promise."""


async def _page(
    session: AsyncSession,
    shown: str,
    conditions: list[str],
    values: list[Any],
    limit: int,
    cursor: str | None,
    *,
    count: bool,
    newest_first: bool,
) -> ReadyJson:
    connection = await session.connection()
    source = "FROM products p JOIN vendors v ON v.id = p.vendedor_id JOIN categories c ON c.id = p.category_id"
    total = None
    if count:
        counting = f"SELECT count(*) {source} WHERE $1::text IS NOT NULL AND {' AND '.join(conditions)}"
        total = (await connection.exec_driver_sql(counting, tuple(values))).scalar_one()
    direction, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    if cursor is not None:
        values += decode(cursor, moment, UUID)
        conditions.append(f"(p.created_at, p.id) {beyond} (${len(values) - 1}::timestamptz, ${len(values)}::uuid)")
    values.append(limit + 1)
    statement = f"""
        SELECT {shown}, p.created_at, p.id {source} WHERE {" AND ".join(conditions)}
        ORDER BY p.created_at {direction}, p.id {direction} LIMIT ${len(values)}"""
    rows: Sequence[Any] = (await connection.exec_driver_sql(statement, tuple(values))).all()
    cut = slice_of(rows, limit, lambda row: (row[1].isoformat(), row[2]))
    return page(f"[{','.join(row[0] for row in cut.items)}]", cut.next_cursor, total)


async def _one(session: AsyncSession, statement: str, images_url: str, product_id: ProductId) -> str:
    connection = await session.connection()
    return str((await connection.exec_driver_sql(statement, (images_url, product_id))).scalar_one())
