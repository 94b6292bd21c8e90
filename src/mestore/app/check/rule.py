"""What `mestore check` verifies: each rule is a query that finds the rows which break it, so that none is right.

The groups carry the numbers of the invariants. A row whose last column `waits` is true is no defect: a job that will
put it right is queued. Queries name ids only: what they find is printed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    group: str
    name: str
    says: str
    broken: str
    given: Sequence[str] = ()
    """The shared parts, of `GIVEN`, that the query reads."""
    waits: bool = False
    """Whether the query says which rows a queued job will put right."""


GIVEN: Mapping[str, str] = {
    "confirmed": """
        SELECT o.id, o.buyer_id FROM orders o
        WHERE o.status IN ('CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'REFUNDED') OR EXISTS (
            SELECT FROM order_history h WHERE h.order_id = o.id AND h.package_id IS NULL AND h.to_status = 'CONFIRMED'
        )""",
    "charged": """
        SELECT DISTINCT p.id, p.order_id, p.status, p.amount, p.currency, p.settles_order, p.gateway_transaction_id,
            (e.amount, e.currency) = (p.amount, p.currency) AS as_agreed
        FROM payments p JOIN payment_events e ON e.payment_id = p.id AND e.status = 'APPROVED'""",
    "waiting_jobs": """
        SELECT entrypoint, convert_from(payload, 'UTF8')::jsonb AS payload FROM pgqueuer
        WHERE status IN ('queued', 'picked') AND payload IS NOT NULL""",
}
"""`confirmed` orders were paid at some time; `charged` payments are those that a gateway once called approved."""
