"""Every query about carts. PostgreSQL's clock decides which guests' carts are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Row, Uuid, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.cart.guest_tokens import hash_of
from mestore.cart.lines import CartLine
from mestore.cart.models import Cart, CartItem
from mestore.cart.shopper import Shopper
from mestore.catalog.models import IvaClass
from mestore.catalog.product_json import FOR_SALE, PRODUCT, SELLS
from mestore.catalog.stock import Reserved
from mestore.core.ids import CartId, CartItemId, ProductId, UserId
from mestore.core.money import Money

MOST_LINES = 100
MOST_UNITS = 999
_FORGOTTEN_AT_ONCE = 1_000
_SOLD = f"({FOR_SALE} AND {SELLS})"
_CAN_BE_HAD = f"CASE WHEN {_SOLD} THEN p.stock - p.reserved ELSE 0 END"

# A cart without lines is one row of NULLs: its guest's token is still good.
_READ = f"""
    SELECT line.id, line.quantity, line.unit_price, p.id AS product_id, p.vendedor_id, p.name, p.sku, p.precio_venta,
        p.iva_class, p.weight_kg, p.withdrawal_excluded_reason, {_CAN_BE_HAD} AS stock_disponible, {_SOLD} AS for_sale,
        {PRODUCT} AS product,
        (SELECT a.municipality_code FROM addresses a WHERE a.user_id = cart.user_id AND a.is_default) AS destination
    FROM carts cart LEFT JOIN (cart_items line JOIN products p ON p.id = line.product_id
        JOIN vendors v ON v.id = p.vendedor_id JOIN categories c ON c.id = p.category_id) ON line.cart_id = cart.id
    WHERE """  # noqa: S608 - the parts are constants; who asks travels apart
_OF_USER = "cart.user_id = $2 ORDER BY line.id"
_OF_GUEST = "cart.token_hash = $2 AND cart.expires_at > now() ORDER BY line.id"

_NUMBERS = (
    bindparam("cart_id", type_=BigInteger),
    bindparam("product_id", type_=Uuid),
    bindparam("quantity", type_=Integer),
)
_ADD = text(f"""
    INSERT INTO cart_items AS line (cart_id, product_id, quantity, unit_price)
    SELECT :cart_id, p.id, :quantity, p.precio_venta FROM products p JOIN vendors v ON v.id = p.vendedor_id
    WHERE p.id = :product_id AND {_SOLD} AND p.stock - p.reserved >= :quantity AND (
        EXISTS (SELECT FROM cart_items known WHERE known.cart_id = :cart_id AND known.product_id = p.id)
        OR (SELECT count(*) FROM cart_items known WHERE known.cart_id = :cart_id) < {MOST_LINES})
    ON CONFLICT (cart_id, product_id) DO UPDATE
    SET quantity = line.quantity + excluded.quantity, unit_price = excluded.unit_price, updated_at = now()
    WHERE line.quantity + excluded.quantity <= least({MOST_UNITS},
        (SELECT p.stock - p.reserved FROM products p WHERE p.id = excluded.product_id))
    RETURNING line.id
""").bindparams(*_NUMBERS)  # noqa: S608 - the parts are constants

_CHANGE = text(f"""
    UPDATE cart_items line SET quantity = :quantity, unit_price = p.precio_venta, updated_at = now()
    FROM products p JOIN vendors v ON v.id = p.vendedor_id
    WHERE line.id = :item_id AND line.cart_id = :cart_id AND p.id = line.product_id
        AND {_SOLD} AND p.stock - p.reserved >= :quantity
    RETURNING line.id
""").bindparams(bindparam("item_id", type_=BigInteger), _NUMBERS[0], _NUMBERS[2])  # noqa: S608 - the parts are constants

_STANDING = text(f"""
    SELECT CASE WHEN {_SOLD} THEN p.stock - p.reserved END AS available, coalesce(line.quantity, 0) AS quantity,
        line.id IS NULL AND (SELECT count(*) FROM cart_items known WHERE known.cart_id = :cart_id) >= {MOST_LINES}
            AS is_full
    FROM products p JOIN vendors v ON v.id = p.vendedor_id
    LEFT JOIN cart_items line ON line.cart_id = :cart_id AND line.product_id = p.id
    WHERE p.id = :product_id
""").bindparams(*_NUMBERS[:2])  # noqa: S608 - the parts are constants

# Of what is sold out a line of one unit comes along and says so; a line of the buyer's never becomes smaller.
_CARRY = text(f"""
    WITH brought AS (
        SELECT line.id, line.product_id, line.unit_price, own.id IS NOT NULL AS is_known,
            least(line.quantity + coalesce(own.quantity, 0), greatest({_CAN_BE_HAD}, 1), {MOST_UNITS}) AS quantity,
            row_number() OVER (PARTITION BY own.id IS NULL ORDER BY line.id) AS place
        FROM cart_items line JOIN products p ON p.id = line.product_id JOIN vendors v ON v.id = p.vendedor_id
        LEFT JOIN cart_items own ON own.cart_id = :cart_id AND own.product_id = line.product_id
        WHERE line.cart_id = :guest_id
    )
    INSERT INTO cart_items AS line (cart_id, product_id, quantity, unit_price)
    SELECT :cart_id, product_id, quantity, unit_price FROM brought
    WHERE is_known OR place + (SELECT count(*) FROM cart_items own WHERE own.cart_id = :cart_id) <= {MOST_LINES}
    ORDER BY id
    ON CONFLICT (cart_id, product_id) DO UPDATE
    SET quantity = greatest(line.quantity, excluded.quantity), updated_at = now()
""").bindparams(_NUMBERS[0], bindparam("guest_id", type_=BigInteger))  # noqa: S608 - the parts are constants


@dataclass(frozen=True)
class CartRead:
    """A cart as it stands, from one snapshot."""

    lines: Sequence[CartLine]
    destination: str | None
    """The municipality of the buyer's default address."""


class CartRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, shopper: Shopper, images_url: str) -> CartRead | None:
        """A shopper's cart with its products, in one statement; None when there is none."""
        if shopper.user_id is None and shopper.token is None:
            return None
        which = _OF_GUEST if shopper.user_id is None else _OF_USER
        whose = shopper.user_id or hash_of(shopper.token or "")
        connection = await self._session.connection()
        rows = (await connection.exec_driver_sql(_READ + which, (images_url, whose))).all()
        if not rows:
            return None
        return CartRead([_line(row) for row in rows if row.id is not None], rows[0].destination)

    async def hold(self, shopper: Shopper, guests_kept: timedelta) -> CartId | None:
        """The shopper's cart, which nobody else changes until this transaction ends; None when there is none."""
        values = {} if shopper.token is None else {"expires_at": func.now() + guests_kept}
        held: CartId | None = await self._session.scalar(
            update(Cart).where(*_of(shopper)).values(updated_at=func.now(), **values).returning(Cart.id)
        )
        return held

    async def open_of_user(self, user_id: UserId) -> CartId:
        """The buyer's cart, made when there is none, and held as by `hold`: also of two at once there is one."""
        opened: CartId = (
            await self._session.execute(
                insert(Cart)
                .values(user_id=user_id)
                .on_conflict_do_update(index_elements=[Cart.user_id], set_={"updated_at": func.now()})
                .returning(Cart.id)
            )
        ).scalar_one()
        return opened

    async def open_of_guest(self, token: str, guests_kept: timedelta) -> CartId:
        """A new cart for a token that was just drawn."""
        values = {"token_hash": hash_of(token), "expires_at": func.now() + guests_kept}
        opened: CartId = (await self._session.execute(insert(Cart).values(**values).returning(Cart.id))).scalar_one()
        return opened

    async def add(self, cart_id: CartId, product_id: ProductId, quantity: int) -> bool:
        """Whether so many units more are in the cart, at the price of now: all of them or none."""
        values = {"cart_id": cart_id, "product_id": product_id, "quantity": quantity}
        return await self._session.scalar(_ADD, values) is not None

    async def change(self, cart_id: CartId, item_id: CartItemId, quantity: int) -> bool:
        """Whether the line has so many units now, at the price of now."""
        values = {"cart_id": cart_id, "item_id": item_id, "quantity": quantity}
        return await self._session.scalar(_CHANGE, values) is not None

    async def standing(self, cart_id: CartId, product_id: ProductId) -> Row[Any] | None:
        """How a product stands to a cart: `available` (None when it is not for sale), `quantity` and `is_full`."""
        values = {"cart_id": cart_id, "product_id": product_id}
        return (await self._session.execute(_STANDING, values)).one_or_none()

    async def product_of(self, cart_id: CartId, item_id: CartItemId) -> ProductId | None:
        found: ProductId | None = await self._session.scalar(
            select(CartItem.product_id).where(CartItem.cart_id == cart_id, CartItem.id == item_id)
        )
        return found

    async def remove(self, cart_id: CartId, item_id: CartItemId) -> bool:
        """Whether there was such a line."""
        which = (CartItem.cart_id == cart_id, CartItem.id == item_id)
        return await self._session.scalar(delete(CartItem).where(*which).returning(CartItem.id)) is not None

    async def empty(self, cart_id: CartId) -> None:
        await self._session.execute(delete(CartItem).where(CartItem.cart_id == cart_id))

    async def carry_over(self, guest_id: CartId, cart_id: CartId) -> None:
        """Add a guest's lines to a buyer's, as far as there is stock and room. Both carts are held."""
        await self._session.execute(_CARRY, {"guest_id": guest_id, "cart_id": cart_id})

    async def close(self, cart_id: CartId) -> None:
        await self._session.execute(delete(Cart).where(Cart.id == cart_id))

    async def forget_expired(self) -> int:
        """Delete one batch of guests' carts that are over, but for those that somebody holds; how many it were."""
        over = select(Cart.id).where(Cart.expires_at <= func.now()).order_by(Cart.expires_at)
        batch = over.limit(_FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
        return len((await self._session.scalars(delete(Cart).where(Cart.id.in_(batch)).returning(Cart.id))).all())


def _of(shopper: Shopper) -> tuple[ColumnElement[bool], ...]:
    if shopper.user_id is not None:
        return (Cart.user_id == shopper.user_id,)
    return Cart.token_hash == hash_of(shopper.token or ""), Cart.expires_at > func.now()


def _line(row: Row[Any]) -> CartLine:
    wanted = Reserved(
        row.product_id,
        row.vendedor_id,
        row.name,
        row.sku,
        Money(row.precio_venta),
        IvaClass(row.iva_class),
        row.quantity,
        row.weight_kg,
        row.withdrawal_excluded_reason,
    )
    return CartLine(row.id, wanted, Money(row.unit_price), row.stock_disponible, row.for_sale, row.product)
