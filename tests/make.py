"""Builds valid things in one line; a test states only what matters to it."""

from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from mestore.catalog.models import Category, IvaClass, Product, ProductStatus
from mestore.core.database import Base, transaction
from mestore.core.ids import UserId, new_uuid
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.schemas import OrderIn, OrderItemIn, ShippingInfo
from mestore.orders.service import OrderService
from mestore.users.models import User, UserType
from mestore.vendors.models import DocumentType, Vendor, VendorStatus

SHIPPING: dict[str, Any] = {
    "name": "Ana Ruiz",
    "phone": "3001234567",
    "address": "Cra 7 # 71-21 Apto 301",
    "city": "Bogotá",
    "department": "Bogotá D.C.",
    "municipality_code": "11001",
    "postal_code": "110231",
    "notes": "portería",
}
PSE: dict[str, Any] = {
    "bank_code": "1022",
    "user_type": "PERSON",
    "document_type": "CC",
    "document_number": "1020304050",
}
Row = TypeVar("Row", bound=Base)


class Make:
    def __init__(self, world: World) -> None:
        self._world = world
        self._number = count(1)

    async def user(self, kind: UserType = UserType.BUYER, **more: Any) -> User:
        """Somebody with a verified e-mail. The password is nobody's: these users sign in by token."""
        name = f"{kind.lower()}{next(self._number)}"
        values = {
            "email": f"{name}@example.co",
            "email_key": f"{name}@example.co",
            "password_hash": "!",
            "user_type": kind,
            "full_name": "Ana Ruiz",
            "phone": "+573001234567",
            "email_verified": True,
        }
        return await self._add(User(**(values | more)))

    async def buyer(self, **more: Any) -> User:
        return await self.user(UserType.BUYER, **more)

    async def vendor(self, **more: Any) -> Vendor:
        """An approved shop with an owner of its own."""
        number = next(self._number)
        owner = await self.user(UserType.VENDOR)
        values = {
            "user_id": owner.id,
            "slug": f"tienda-{number}",
            "business_name": f"Tienda {number}",
            "document_type": DocumentType.CC,
            "document_number": str(10_000_000 + number),
            "city": "Santa Marta",
            "status": VendorStatus.APPROVED,
            "terms_accepted_at": self._world.now(),
        }
        return await self._add(Vendor(**(values | more)))

    async def owner(self, vendor: Vendor) -> User:
        return await self.existing_user(vendor.user_id)

    async def existing_user(self, user_id: UserId) -> User:
        async with transaction(self._world.sessions) as session:
            return await session.get_one(User, user_id)

    async def category(self, **more: Any) -> Category:
        number = next(self._number)
        return await self._add(Category(**({"slug": f"categoria-{number}", "name": f"Categoría {number}"} | more)))

    async def product(
        self, *, vendor: Vendor | None = None, price: int = 50_000, stock: int = 10, **more: Any
    ) -> Product:
        vendor = vendor or await self.vendor()
        category = await self.category()
        number = next(self._number)
        values = {
            "id": new_uuid(),
            "vendedor_id": vendor.id,
            "category_id": category.id,
            "sku": f"SKU-{number}",
            "name": f"Producto {number}",
            "slug": f"producto-{number}",
            "precio_venta": Money(price),
            "iva_class": IvaClass.GENERAL,
            "stock": stock,
            "weight_kg": Decimal("0.5"),
            "status": ProductStatus.APPROVED,
        }
        return await self._add(Product(**(values | more)))

    async def order(self, *, buyer: User | None = None, units: dict[Any, int] | None = None) -> Order:
        """An order that waits for payment, placed as the API places it."""
        buyer = buyer or await self.buyer()
        units = units or {(await self.product()).id: 1}
        wanted = OrderIn(
            items=[OrderItemIn(product_id=product_id, quantity=quantity) for product_id, quantity in units.items()],
            shipping_info=ShippingInfo(**SHIPPING),
        )
        async with transaction(self._world.sessions) as session:
            return await OrderService(session, self._world.settings, self._world.now).place(buyer.id, wanted)

    async def _add(self, row: Row) -> Row:
        async with transaction(self._world.sessions) as session:
            session.add(row)
        return row
