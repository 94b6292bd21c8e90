"""Packages: they move along their table, take their order with them, and what comes back is in stock again."""

from mestore.app.check.orders import STATES, STOCK
from mestore.app.check.refunds import PAID_BACK
from mestore.app.check.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        STOCK,
        "what-came-back-is-in-stock",
        "Of the units sold, just those came back into stock whose package was cancelled or whose return was received.",
        f"""
        SELECT h.id AS hold_id, h.order_id FROM stock_holds h
        JOIN order_items i ON (i.order_id, i.product_id) = (h.order_id, h.product_id)
        JOIN packages p ON p.id = i.package_id
        LEFT JOIN ({PAID_BACK}) b ON b.order_item_id = i.id
        WHERE h.state = 'SOLD' AND h.returned <>
            CASE p.status WHEN 'CANCELLED' THEN h.quantity ELSE i.refunded_units - coalesce(b.units, 0) END""",  # noqa: S608 - a part of ours
    ),
    Rule(
        STATES,
        "order-follows-its-packages",
        "A paid order is as far as its packages: cancelled, shipped or delivered when all that is left of it is.",
        """
        SELECT o.id AS order_id FROM orders o JOIN confirmed c ON c.id = o.id JOIN (
            SELECT order_id, bool_and(status = 'CANCELLED') AS cancelled, bool_and(status = 'PENDING') AS untouched,
                bool_and(status IN ('SHIPPED', 'DELIVERED')) FILTER (WHERE live) AS shipped,
                bool_and(status = 'DELIVERED') FILTER (WHERE live) AS delivered
            FROM (SELECT *, status NOT IN ('CANCELLED', 'RETURNED') AS live FROM packages) p GROUP BY 1
        ) p ON p.order_id = o.id
        WHERE (o.status = 'CANCELLED') <> p.cancelled
            OR p.untouched AND o.status <> 'CONFIRMED'
            OR (o.status = 'DELIVERED') <> p.delivered
            OR (o.status = 'SHIPPED') <> (p.shipped AND NOT p.delivered)""",
        given=["confirmed"],
    ),
    Rule(
        STATES,
        "package-history-is-a-chain",
        "A package's history begins with PENDING, goes along its table of states, and ends in the status it is in.",
        """
        SELECT p.id AS package_id FROM packages p LEFT JOIN (
            SELECT *, lag(to_status) OVER w AS before, lead(id) OVER w AS next
            FROM order_history WHERE package_id IS NOT NULL WINDOW w AS (PARTITION BY package_id ORDER BY id)
        ) h ON h.package_id = p.id
        WHERE CASE WHEN h.id IS NULL THEN p.status <> 'PENDING' ELSE
            h.from_status IS DISTINCT FROM coalesce(h.before, 'PENDING')
            OR (h.next IS NULL AND h.to_status <> p.status)
            OR NOT EXISTS (
                SELECT FROM package_edges e WHERE (e.from_status, e.to_status) = (h.from_status, h.to_status)
            ) END""",
    ),
)
