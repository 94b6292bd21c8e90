"""What may be said of a package on its way, by whom, and what of it ends the way."""

from enum import StrEnum


class TrackingStatus(StrEnum):
    IN_TRANSIT = "IN_TRANSIT"
    AT_WAREHOUSE = "AT_WAREHOUSE"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    """Its carrier could not hand it over. It may try again, or bring it back."""
    RETURNED = "RETURNED"
    """It came back to its sender, and never was with its buyer."""


class Source(StrEnum):
    """Who tells."""

    CARRIER = "CARRIER"
    VENDOR = "VENDOR"
    ADMIN = "ADMIN"


FINAL = frozenset({TrackingStatus.DELIVERED, TrackingStatus.RETURNED})
"""These move the package, and with it money: a vendor, who is paid by it, is not asked."""
