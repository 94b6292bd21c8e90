"""How a product goes from one status to another."""

from collections.abc import Mapping

from mestore.catalog.errors import IllegalProductMove
from mestore.catalog.models import ProductStatus

DRAFT, PENDING, APPROVED, REJECTED, INACTIVE = ProductStatus
"""In the order in which `ProductStatus` has them."""

NEXT: Mapping[ProductStatus, frozenset[ProductStatus]] = {
    DRAFT: frozenset({PENDING, APPROVED, INACTIVE}),
    PENDING: frozenset({APPROVED, REJECTED, INACTIVE}),
    APPROVED: frozenset({PENDING, REJECTED, INACTIVE}),
    REJECTED: frozenset({PENDING, APPROVED, INACTIVE}),
    INACTIVE: frozenset({PENDING, APPROVED, DRAFT}),
}


def refuse_illegal(before: ProductStatus, after: ProductStatus) -> None:
    """Raises IllegalProductMove; to stay where one is is no move."""
    if before is not after and after not in NEXT[before]:
        raise IllegalProductMove(before, after)
