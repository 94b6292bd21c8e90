"""The states of a return, the moves between them, and whose each move is.

`NEXT` is the table of `docs/glossary.md`; the database holds the same edges in `return_edges` and refuses any other.
"""

from enum import StrEnum

from mestore.orders.states import Actor


class ReturnStatus(StrEnum):
    """`RECEIVED`: the goods came back good, the money is owed. `REFUSED`: before they came, or when they came bad."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    IN_TRANSIT = "IN_TRANSIT"
    RECEIVED = "RECEIVED"
    REFUNDED = "REFUNDED"
    REFUSED = "REFUSED"


class ReturnCondition(StrEnum):
    """How the goods came back: as they can be sold again, or not."""

    GOOD = "GOOD"
    DAMAGED = "DAMAGED"


NEXT: dict[ReturnStatus, frozenset[ReturnStatus]] = {
    ReturnStatus.REQUESTED: frozenset({ReturnStatus.APPROVED, ReturnStatus.REFUSED}),
    ReturnStatus.APPROVED: frozenset({ReturnStatus.IN_TRANSIT, ReturnStatus.RECEIVED, ReturnStatus.REFUSED}),
    ReturnStatus.IN_TRANSIT: frozenset({ReturnStatus.RECEIVED, ReturnStatus.REFUSED}),
    ReturnStatus.RECEIVED: frozenset({ReturnStatus.REFUNDED}),
    ReturnStatus.REFUNDED: frozenset(),
    ReturnStatus.REFUSED: frozenset({ReturnStatus.APPROVED}),
}
"""What was refused comes to life again when an administrator overrules the shop."""

ENDED = frozenset({ReturnStatus.REFUNDED, ReturnStatus.REFUSED})

APPROVABLE: dict[Actor, frozenset[ReturnStatus]] = {
    Actor.VENDOR: frozenset({ReturnStatus.REQUESTED}),
    Actor.ADMIN: frozenset({ReturnStatus.REQUESTED, ReturnStatus.REFUSED}),
}
REFUSABLE = frozenset({ReturnStatus.REQUESTED})
SENDABLE = frozenset({ReturnStatus.APPROVED, ReturnStatus.IN_TRANSIT})
"""Sent again while on its way, the guide number is corrected."""
RECEIVABLE = frozenset({ReturnStatus.APPROVED, ReturnStatus.IN_TRANSIT})
"""What was approved may also be brought in person."""
