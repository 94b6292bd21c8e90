"""One statement about a vendor's sales of a period."""

from datetime import date
from typing import Any

from mestore.core.ids import VendorId
from mestore.core.reads import Reads

# An order's day is Colombia's (fault F67): UTC-5, without summer time, by PostgreSQL's own table of zones.
_ANALYTICS = """
    WITH sold AS MATERIALIZED (
        SELECT i.order_id, i.product_id, i.quantity - i.refunded_units AS units,
            round((i.total_price - i.discount) * (i.quantity - i.refunded_units) / i.quantity) AS revenue
        FROM order_items i JOIN orders o ON o.id = i.order_id JOIN packages k ON k.id = i.package_id
        WHERE i.vendor_id = $1 AND o.status IN ('CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED')
            AND k.status NOT IN ('CANCELLED', 'RETURNED')
            AND o.created_at >= $2::date::timestamp AT TIME ZONE 'America/Bogota'
            AND o.created_at < ($3::date + 1)::timestamp AT TIME ZONE 'America/Bogota'
    ),
    products_sold AS (
        SELECT product_id, sum(units) AS units, sum(revenue) AS revenue FROM sold GROUP BY 1
    )
    SELECT json_build_object(
        'since', $2::date, 'until', $3::date,
        'orders', (SELECT count(DISTINCT order_id) FROM sold),
        'units', (SELECT coalesce(sum(units), 0) FROM sold),
        'revenue', (SELECT coalesce(sum(revenue), 0)::numeric(14, 2)::text FROM sold),
        'average_price', (SELECT round(sum(revenue) / nullif(sum(units), 0), 2)::text FROM sold),
        'top_products', coalesce((
            SELECT json_agg(json_build_object('product_id', t.product_id, 'name', p.name, 'sku', p.sku,
                'units', t.units, 'revenue', t.revenue::numeric(14, 2)::text) ORDER BY t.revenue DESC, t.product_id)
            FROM (SELECT * FROM products_sold ORDER BY revenue DESC, product_id LIMIT $5) t
            JOIN products p ON p.id = t.product_id), '[]'),
        'top_categories', coalesce((
            SELECT json_agg(json_build_object('category_id', t.category_id, 'name', c.name,
                'units', t.units, 'revenue', t.revenue::numeric(14, 2)::text) ORDER BY t.revenue DESC, t.category_id)
            FROM (
                SELECT p.category_id, sum(s.units) AS units, sum(s.revenue) AS revenue
                FROM products_sold s JOIN products p ON p.id = s.product_id
                GROUP BY 1 ORDER BY revenue DESC, category_id LIMIT $5
            ) t JOIN categories c ON c.id = t.category_id), '[]'),
        'low_stock', coalesce((
            SELECT json_agg(json_build_object('product_id', l.id, 'name', l.name, 'sku', l.sku,
                'stock_disponible', l.left_over) ORDER BY l.left_over, l.id)
            FROM (
                SELECT id, name, sku, stock - reserved AS left_over FROM products
                WHERE vendedor_id = $1 AND deleted_at IS NULL AND status = 'APPROVED' AND stock - reserved <= $4
                ORDER BY stock - reserved, id LIMIT 50
            ) l), '[]')
    )::text"""

_TOP = 10


async def analytics_json(reads: Reads, vendor_id: VendorId, since: date, until: date, low_stock: int) -> str:
    """`AnalyticsOut` as PostgreSQL writes it."""
    values: tuple[Any, ...] = (vendor_id, since, until, low_stock, _TOP)
    found = await reads.text(_ANALYTICS, *values)
    assert found is not None
    return found
