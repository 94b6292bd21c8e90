"""Builds valid things in one line; a test states only what matters to it."""

from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import text

from mestore.cart.service import CartService
from mestore.cart.shopper import Shopper
from mestore.catalog.models import (
    Category,
    IvaClass,
    MovementKind,
    Product,
    ProductSlug,
    ProductStatus,
    StockMovement,
)
from mestore.core.database import Base, transaction
from mestore.core.ids import OrderId, UserId, new_uuid
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order, Package
from mestore.orders.moves import end_of_retracto
from mestore.orders.schemas import OrderIn, OrderItemIn, ShippingInfo
from mestore.orders.service import OrderService
from mestore.orders.state_service import By, OrderStateService, Shipment
from mestore.orders.states import Actor, OrderStatus, PackageStatus
from mestore.search.models import Synonym
from mestore.search.synonyms import SynonymRepository
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
        product = Product(**(values | more))
        async with transaction(self._world.sessions) as session:
            session.add(product)
            await session.flush()
            session.add(ProductSlug(slug=product.slug, product_id=product.id))
            if product.stock:
                opening = StockMovement(product_id=product.id, kind=MovementKind.IN, stock_change=product.stock)
                session.add(opening)
        return product

    async def synonym(self, *words: str, **more: Any) -> Synonym:
        """A group of words that mean the same."""
        synonym = Synonym(**({"id": new_uuid()} | more))
        async with transaction(self._world.sessions) as session:
            session.add(synonym)
            await session.flush()
            await SynonymRepository(session).set_words(synonym.id, words)
        return synonym

    async def cart(self, buyer: User, units: dict[Any, int], *, first_item: int) -> None:
        """What a buyer means to buy, the lines counted from `first_item`."""
        shopper = Shopper(user_id=buyer.id)
        async with transaction(self._world.sessions) as session:
            await session.execute(text(f"ALTER TABLE cart_items ALTER COLUMN id RESTART WITH {first_item}"))
            carts = CartService(session, self._world.settings, self._world.now)
            for product_id, quantity in units.items():
                await carts.add(shopper, product_id, quantity, None)

    async def order(self, *, buyer: User | None = None, units: dict[Any, int] | None = None) -> Order:
        """An order that waits for payment, placed as the API places it."""
        buyer = buyer or await self.buyer()
        units = units or {(await self.product()).id: 1}
        wanted = OrderIn(
            items=[OrderItemIn(product_id=product_id, quantity=quantity) for product_id, quantity in units.items()],
            shipping_info=ShippingInfo(**SHIPPING),
        )
        async with transaction(self._world.sessions) as session:
            orders = OrderService(session, self._world.settings, self._world.now)
            placed = await orders.place(buyer.id, wanted)
            return await orders.whole(OrderId(placed.id))

    async def paid_order(self, *, buyer: User | None = None, units: dict[Any, int] | None = None) -> Order:
        """An order that was paid for, as far as its states go: no payment stands behind it."""
        order = await self.order(buyer=buyer, units=units)
        await self.move(order, PackageStatus.PENDING)
        return order

    async def move(self, order: Order, to: PackageStatus, *, vendor: Vendor | None = None) -> None:
        """Bring an order's packages, or that of one vendor, to a state, by all the moves that lead there."""
        by = By(Actor.SYSTEM, None, "made by a test")
        async with transaction(self._world.sessions) as session:
            states = OrderStateService(session)
            locked = await states.locked(order.id)
            if locked.status is OrderStatus.PENDING:
                await states.confirm(locked, by.reason)
            for package in await states.packages(locked):
                if vendor is None or package.vendor_id == vendor.id:
                    await self._move(states, locked, package, to, by)

    async def _move(self, states: OrderStateService, order: Order, package: Package, to: PackageStatus, by: By) -> None:
        if to in (PackageStatus.PREPARING, PackageStatus.READY_TO_SHIP):
            await states.prepare(order, package, to, by)
        elif to is PackageStatus.CANCELLED:
            await states.cancel_package(order, package, by)
        elif to is not PackageStatus.PENDING:
            await states.ship(order, package, Shipment("Servientrega", f"GUIA-{package.id}"), by)
            if to is not PackageStatus.SHIPPED:
                until = end_of_retracto(self._world.now(), self._world.settings.orders)
                await states.deliver(order, package, by, returnable_until=until)
            if to is PackageStatus.RETURNED:
                await states.take_back(order, package, by)

    async def _add(self, row: Row) -> Row:
        async with transaction(self._world.sessions) as session:
            session.add(row)
        return row
