"""What differs from the settings: what shipping costs to a place or by weight, and how long it takes."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, UpdatedAt
from mestore.core.database import Base
from mestore.core.ids import VendorId, new_uuid
from mestore.core.money import Money

MOST_DAYS = 20
"""Working days that a shop may take: told before payment, delivery is at most thirty days away (Ley 1480, art. 50)."""


class ShippingRate(Base):
    """What a package costs to send; what is NULL stands for all departments, any weight, the settings' threshold."""

    __tablename__ = "shipping_rates"
    __table_args__ = (
        CheckConstraint("department_code ~ '^[0-9]{2}$'", name="department_code"),
        CheckConstraint("up_to_kg > 0", name="up_to_kg"),
        CheckConstraint("cost >= 0 AND cost = trunc(cost)", name="cost"),
        CheckConstraint("free_from >= 0 AND free_from = trunc(free_from)", name="free_from"),
        Index(
            "uq_shipping_rates_department_code_up_to_kg",
            "department_code",
            "up_to_kg",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    department_code: Mapped[str | None] = mapped_column(String(2))
    up_to_kg: Mapped[Decimal | None] = mapped_column(Numeric(8, 3))
    """The heaviest package that it is for, this weight included."""
    cost: Mapped[Money]
    free_from: Mapped[Money | None]
    """The net subtotal (before IVA, after discount) of a package from which its shipping is free."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class DeliveryTime(Base):
    """In how many working days a package comes: of one shop or of all, to one place or everywhere."""

    __tablename__ = "delivery_times"
    __table_args__ = (
        CheckConstraint("num_nonnulls(department_code, municipality_code) <= 1", name="one_place"),
        CheckConstraint("department_code ~ '^[0-9]{2}$'", name="department_code"),
        CheckConstraint("municipality_code ~ '^[0-9]{5}$'", name="municipality_code"),
        CheckConstraint(f"min_days >= 0 AND max_days BETWEEN greatest(min_days, 1) AND {MOST_DAYS}", name="days"),
        Index(
            "uq_delivery_times_vendor_id_department_code_municipality_code",
            "vendor_id",
            "department_code",
            "municipality_code",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    vendor_id: Mapped[VendorId | None] = mapped_column(Uuid, ForeignKey("vendors.id"))
    department_code: Mapped[str | None] = mapped_column(String(2))
    municipality_code: Mapped[str | None] = mapped_column(String(5))
    min_days: Mapped[int] = mapped_column(SmallInteger)
    max_days: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[CreatedAt]
