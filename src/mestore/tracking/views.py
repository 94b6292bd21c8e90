"""What is known of packages on their way, put together for who reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mestore.core.ids import OrderId, PackageId, VendorId
from mestore.orders.models import Order, Package
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.tracking.models import TrackingEvent
from mestore.tracking.states import FINAL, TrackingStatus
from mestore.tracking.timeline import Step, TimelineStep, timeline
from mestore.tracking.towns import town_of
from mestore.vendors.models import Vendor


@dataclass(frozen=True)
class PackageTracking:
    package_id: PackageId
    vendor: Vendor
    status: PackageStatus
    carrier: str | None
    guide_number: str | None
    promised_from: date
    promised_by: date
    shipped_at: datetime | None
    delivered_at: datetime | None
    events: Sequence[TrackingEvent]
    timeline: Sequence[TimelineStep]


@dataclass(frozen=True)
class OrderTracking:
    order_id: OrderId
    order_number: str
    status: OrderStatus
    packages: Sequence[PackageTracking]


@dataclass(frozen=True)
class PublicEvent:
    status: TrackingStatus
    at: datetime
    town: str | None


@dataclass(frozen=True)
class PublicPackage:
    status: PackageStatus
    carrier: str | None
    promised_from: date
    promised_by: date
    events: Sequence[PublicEvent]


@dataclass(frozen=True)
class PublicTracking:
    order_number: str
    status: OrderStatus
    packages: Sequence[PublicPackage]


def of_order(order: Order, vendors: Mapping[VendorId, Vendor], events: Sequence[TrackingEvent]) -> OrderTracking:
    """`events` of all its packages, the newest first."""
    packages = [of_package(order, package, vendors[package.vendor_id], events) for package in order.packages]
    return OrderTracking(order.id, order.order_number, order.status, packages)


def of_package(order: Order, package: Package, vendor: Vendor, events: Sequence[TrackingEvent]) -> PackageTracking:
    own = [event for event in events if event.package_id == package.id]
    return PackageTracking(
        package_id=package.id,
        vendor=vendor,
        status=package.status,
        carrier=package.carrier,
        guide_number=package.guide_number,
        promised_from=package.promised_from,
        promised_by=package.promised_by,
        shipped_at=package.shipped_at,
        delivered_at=package.delivered_at,
        events=own,
        timeline=timeline(package.status, _moments(order, package, own)),
    )


def public(order: Order, events: Sequence[TrackingEvent]) -> PublicTracking:
    """Nothing that anybody typed: of places the town that they name, of messages nothing."""
    packages = [
        PublicPackage(
            package.status,
            package.carrier,
            package.promised_from,
            package.promised_by,
            [
                PublicEvent(event.status, event.at, town_of(event.place))
                for event in events
                if event.package_id == package.id
            ],
        )
        for package in order.packages
    ]
    return PublicTracking(order.order_number, order.status, packages)


_BY_HISTORY = {
    PackageStatus.PREPARING: Step.PREPARING,
    PackageStatus.READY_TO_SHIP: Step.PREPARING,
    PackageStatus.CANCELLED: Step.CANCELLED,
    PackageStatus.RETURNED: Step.RETURNED,
}


def _moments(order: Order, package: Package, events: Sequence[TrackingEvent]) -> dict[Step, datetime]:
    moments = {Step.PLACED: order.created_at}
    for row in order.history:
        step = _BY_HISTORY.get(PackageStatus(row.to_status)) if row.package_id == package.id else None
        if step is not None:
            moments.setdefault(step, row.at)
    on_the_way = [event for event in events if event.status not in FINAL]
    if on_the_way and on_the_way[0].status is TrackingStatus.OUT_FOR_DELIVERY:
        moments[Step.OUT_FOR_DELIVERY] = on_the_way[0].at
    known = {
        Step.PAID: package.confirmed_at,
        Step.SHIPPED: package.shipped_at,
        Step.DELIVERED: package.delivered_at,
    }
    return moments | {step: at for step, at in known.items() if at is not None}
