"""What the commissions refuse."""

from mestore.core.errors import NotFound


class CommissionNotFound(NotFound):
    """There is no such commission."""

    spanish = "No existe esa comisión."
