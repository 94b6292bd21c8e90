"""Stock, totals and states: what an order promises adds up, and it got where it is along its table of states."""

from mestore.app.check.rule import Rule

STOCK = "1 Stock"
TOTALS = "3 Totals"
STATES = "States"

RULES: tuple[Rule, ...] = (
    Rule(
        STOCK,
        "reserved-is-held",
        "What a product has reserved is the sum of its open holds.",
        """
        SELECT p.id AS product_id FROM products p LEFT JOIN (
            SELECT product_id, sum(quantity) AS held FROM stock_holds WHERE state = 'OPEN' GROUP BY 1
        ) h ON h.product_id = p.id WHERE p.reserved <> coalesce(h.held, 0)""",
    ),
    Rule(
        STOCK,
        "reserved-is-on-hand",
        "No product has less than nothing in stock, or has reserved less than nothing or more than its stock.",
        "SELECT id AS product_id FROM products WHERE stock < 0 OR NOT reserved BETWEEN 0 AND stock",
    ),
    Rule(
        STOCK,
        "stock-is-its-movements",
        "What a product has in stock is the sum of what its movements brought and took.",
        """
        SELECT p.id AS product_id FROM products p LEFT JOIN (
            SELECT product_id, sum(stock_change) AS moved FROM stock_movements GROUP BY 1
        ) m ON m.product_id = p.id WHERE p.stock <> coalesce(m.moved, 0)""",
    ),
    Rule(
        STOCK,
        "reserved-is-its-movements",
        "What a product has reserved is the sum of what its movements held and gave back.",
        """
        SELECT p.id AS product_id FROM products p LEFT JOIN (
            SELECT product_id, sum(reserved_change) AS moved FROM stock_movements GROUP BY 1
        ) m ON m.product_id = p.id WHERE p.reserved <> coalesce(m.moved, 0)""",
    ),
    Rule(
        STOCK,
        "holds-follow-the-order",
        "Holds are open while their order is PENDING, sold once it was confirmed, and released when it was not.",
        """
        SELECT h.id AS hold_id, h.order_id FROM stock_holds h JOIN orders o ON o.id = h.order_id
        LEFT JOIN confirmed c ON c.id = o.id
        WHERE h.state <> CASE WHEN c.id IS NOT NULL THEN 'SOLD' WHEN o.status = 'PENDING' THEN 'OPEN'
            ELSE 'RELEASED' END""",
        given=["confirmed"],
    ),
    Rule(
        STOCK,
        "holds-match-the-items",
        "An order holds exactly the units of each product that its items say.",
        """
        SELECT order_id, product_id FROM order_items i FULL JOIN stock_holds h USING (order_id, product_id)
        WHERE i.quantity IS DISTINCT FROM h.quantity""",
    ),
    Rule(
        TOTALS,
        "order-adds-up",
        "An order's total is subtotal - discount + IVA + shipping.",
        """
        SELECT id AS order_id FROM orders
        WHERE total_amount <> subtotal - discount + iva_amount + shipping_cost OR total_amount <= 0""",
    ),
    Rule(
        TOTALS,
        "order-is-its-packages",
        "Each amount of an order is the sum of that of its packages.",
        """
        SELECT o.id AS order_id FROM orders o LEFT JOIN (
            SELECT order_id, sum(subtotal) AS subtotal, sum(discount) AS discount, sum(iva_amount) AS iva_amount,
                sum(shipping_cost) AS shipping_cost, sum(total) AS total
            FROM packages GROUP BY 1
        ) p ON p.order_id = o.id
        WHERE (o.subtotal, o.discount, o.iva_amount, o.shipping_cost, o.total_amount)
            IS DISTINCT FROM (p.subtotal, p.discount, p.iva_amount, p.shipping_cost, p.total)""",
    ),
    Rule(
        TOTALS,
        "package-is-its-items",
        "Each amount of a package is the sum of that of its items, and shipping is added once.",
        """
        SELECT p.id AS package_id FROM packages p LEFT JOIN (
            SELECT package_id, sum(total_price) AS subtotal, sum(discount) AS discount, sum(iva_amount) AS iva_amount
            FROM order_items GROUP BY 1
        ) i ON i.package_id = p.id
        WHERE (p.subtotal, p.discount, p.iva_amount) IS DISTINCT FROM (i.subtotal, i.discount, i.iva_amount)
            OR p.total <> p.subtotal - p.discount + p.iva_amount + p.shipping_cost""",
    ),
    Rule(
        TOTALS,
        "item-adds-up",
        "An item costs unit price × quantity, and its IVA is its rate of that less the discount, to the peso.",
        """
        SELECT id AS item_id FROM order_items
        WHERE total_price <> unit_price * quantity OR iva_amount <> round((total_price - discount) * iva_rate)""",
    ),
    Rule(
        TOTALS,
        "item-is-in-its-package",
        "An item lies in a package of its own order and vendor.",
        """
        SELECT i.id AS item_id FROM order_items i LEFT JOIN packages p ON p.id = i.package_id
        WHERE (i.order_id, i.vendor_id) IS DISTINCT FROM (p.order_id, p.vendor_id)""",
    ),
    Rule(
        STATES,
        "shipped-package-is-followed",
        "A package on its way has a carrier, a guide number and the moment at which it left.",
        """
        SELECT id AS package_id FROM packages
        WHERE status = 'SHIPPED' AND (carrier IS NULL OR guide_number IS NULL OR shipped_at IS NULL)""",
    ),
    Rule(
        STATES,
        "delivered-package-says-when",
        "A package that arrived says when, and until when it may be returned.",
        """
        SELECT id AS package_id FROM packages
        WHERE status = 'DELIVERED' AND (delivered_at IS NULL OR returnable_until IS NULL)""",
    ),
    Rule(
        STATES,
        "history-ends-in-the-status",
        "The last move in an order's history led to the status it is in.",
        """
        SELECT o.id AS order_id FROM orders o LEFT JOIN (
            SELECT DISTINCT ON (order_id) order_id, to_status FROM order_history WHERE package_id IS NULL
            ORDER BY order_id, id DESC
        ) h ON h.order_id = o.id WHERE o.status IS DISTINCT FROM h.to_status""",
    ),
    Rule(
        STATES,
        "history-is-a-chain",
        "An order's history begins with PENDING, and each move begins where the one before ended.",
        """
        SELECT id AS history_id, order_id FROM (
            SELECT *, lag(to_status) OVER (PARTITION BY order_id ORDER BY id) AS before
            FROM order_history WHERE package_id IS NULL
        ) h WHERE from_status IS DISTINCT FROM before OR (before IS NULL AND to_status <> 'PENDING')""",
    ),
    Rule(
        STATES,
        "moves-are-allowed",
        "Each move of an order is one that its table of states has.",
        """
        SELECT id AS history_id, order_id FROM order_history h
        WHERE package_id IS NULL AND from_status IS NOT NULL
            AND NOT EXISTS (SELECT FROM order_edges e WHERE (e.from_status, e.to_status) = (h.from_status, h.to_status))
        """,
    ),
)
