"""Every query about carts. PostgreSQL's clock decides which guests' carts are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.cart.guest_tokens import hash_of
from mestore.cart.lines import CartLine
from mestore.cart.models import Cart
from mestore.cart.shopper import Shopper
from mestore.catalog.models import IvaClass
from mestore.catalog.product_json import FOR_SALE, PRODUCT, SELLS
from mestore.catalog.stock import Reserved
from mestore.core.columns import is_any_of
from mestore.core.database import fetch
from mestore.core.ids import CartId, CartItemId, ProductId, UserId
from mestore.core.money import Money
from mestore.users.current import HELD_ACCOUNT
from mestore.users.errors import NotSignedIn

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
_READ_OF_USER = _READ + "cart.user_id = $2 ORDER BY line.id"
_READ_OF_GUEST = _READ + "cart.token_hash = $2 AND cart.expires_at > now() ORDER BY line.id"

# A cart's row is locked when it is joined to its account's, which was locked as it was read: the account goes first.
_HOLD_OF_USER = f"""
    WITH account AS MATERIALIZED ({HELD_ACCOUNT}),
    held AS (
        UPDATE carts SET updated_at = now() FROM account WHERE carts.user_id = account.id RETURNING carts.id
    )
    SELECT held.id FROM account LEFT JOIN held ON true
"""  # noqa: S608 - the part is a constant
_HOLD_OF_GUEST = """
    UPDATE carts SET updated_at = now(), expires_at = now() + $2
    WHERE token_hash = $1 AND expires_at > now() RETURNING id
"""
_OPEN_OF_USER = f"""
    WITH account AS MATERIALIZED ({HELD_ACCOUNT})
    INSERT INTO carts (user_id) SELECT id FROM account
    ON CONFLICT (user_id) DO UPDATE SET updated_at = now() RETURNING id
"""  # noqa: S608 - the part is a constant
_OPEN_OF_GUEST = "INSERT INTO carts (token_hash, expires_at) VALUES ($1, now() + $2) RETURNING id"

# What a statement sees is older than the lock that it waits for. So whether a line can be had, and has room, is read
# from the cart after it is written, and a refusal undoes it.
_ADD = f"""
    WITH cart AS ({{cart}}),
    added AS (
        INSERT INTO cart_items AS line (cart_id, product_id, quantity, unit_price)
        SELECT cart.id, p.id, $3::integer, p.precio_venta FROM cart, products p WHERE p.id = $2
        ON CONFLICT (cart_id, product_id) DO UPDATE
        SET quantity = line.quantity + excluded.quantity, unit_price = excluded.unit_price, updated_at = now()
        WHERE line.quantity + excluded.quantity <= {MOST_UNITS}
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM added) AS is_added FROM cart
"""  # noqa: S608 - the part is a constant
_ADD_OF_USER = _ADD.format(cart=_OPEN_OF_USER)
_ADD_TO_HELD = _ADD.format(cart="SELECT $1::bigint AS id")
_CHANGE = """
    UPDATE cart_items line SET quantity = $3, unit_price = p.precio_venta, updated_at = now() FROM products p
    WHERE line.id = $2 AND line.cart_id = $1 AND p.id = line.product_id RETURNING p.id
"""
_REMOVE = "DELETE FROM cart_items WHERE cart_id = $1 AND id = $2 RETURNING id"
_EMPTY = "DELETE FROM cart_items WHERE cart_id = $1"
_TAKE = f"""
    DELETE FROM cart_items line USING products p JOIN vendors v ON v.id = p.vendedor_id
    WHERE line.cart_id = $1 AND p.id = line.product_id
    RETURNING line.id, line.product_id, line.quantity, {_CAN_BE_HAD} >= line.quantity AS can_be_had
"""  # noqa: S608 - the part is a constant
_CLOSE = "DELETE FROM carts WHERE id = $1"

# Of what is sold out a line of one unit comes along and says so; a line of the buyer's never becomes smaller.
_CARRY = f"""
    WITH brought AS (
        SELECT line.id, line.product_id, line.unit_price, own.id IS NOT NULL AS is_known,
            least(line.quantity + coalesce(own.quantity, 0), greatest({_CAN_BE_HAD}, 1), {MOST_UNITS}) AS quantity,
            row_number() OVER (PARTITION BY own.id IS NULL ORDER BY line.id) AS place
        FROM cart_items line JOIN products p ON p.id = line.product_id JOIN vendors v ON v.id = p.vendedor_id
        LEFT JOIN cart_items own ON own.cart_id = $2 AND own.product_id = line.product_id
        WHERE line.cart_id = $1
    )
    INSERT INTO cart_items AS line (cart_id, product_id, quantity, unit_price)
    SELECT $2::bigint, product_id, quantity, unit_price FROM brought
    WHERE is_known OR place + (SELECT count(*) FROM cart_items own WHERE own.cart_id = $2) <= {MOST_LINES}
    ORDER BY id
    ON CONFLICT (cart_id, product_id) DO UPDATE
    SET quantity = greatest(line.quantity, excluded.quantity), updated_at = now()
"""  # noqa: S608 - the parts are constants


@dataclass(frozen=True)
class CartRead:
    """A cart as it stands, from one snapshot."""

    lines: Sequence[CartLine]
    destination: str | None
    """The municipality of the buyer's default address."""


@dataclass(frozen=True)
class TakenLine:
    item_id: CartItemId
    product_id: ProductId
    quantity: int
    can_be_had: bool
    """Whether all of it is for sale and there."""


class CartRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, shopper: Shopper, images_url: str) -> CartRead | None:
        """A shopper's cart with its products, in one statement; None when there is none."""
        if shopper.user_id is None and shopper.token is None:
            return None
        which = _READ_OF_GUEST if shopper.user_id is None else _READ_OF_USER
        whose = shopper.user_id or hash_of(shopper.token or "")
        rows = await fetch(self._session, which, images_url, whose)
        if not rows:
            return None
        return CartRead([_line(row) for row in rows if row["id"] is not None], rows[0]["destination"])

    async def hold(self, shopper: Shopper, guests_kept: timedelta) -> CartId | None:
        """The shopper's cart, which nobody else changes until this transaction ends; None when there is none.

        A buyer's account is held before it, as whoever erases the account does.

        Raises:
            NotSignedIn: the account was closed meanwhile.
        """
        if shopper.user_id is None:
            of_guest = await fetch(self._session, _HOLD_OF_GUEST, hash_of(shopper.token or ""), guests_kept)
            return of_guest[0]["id"] if of_guest else None
        of_user = await fetch(self._session, _HOLD_OF_USER, shopper.user_id)
        if not of_user:
            raise NotSignedIn
        held: CartId | None = of_user[0]["id"]
        return held

    async def open_of_user(self, user_id: UserId) -> CartId:
        """The buyer's cart, made when there is none, and held as by `hold`: also of two at once there is one.

        Raises:
            NotSignedIn: the account was closed meanwhile.
        """
        opened = await fetch(self._session, _OPEN_OF_USER, user_id)
        if not opened:
            raise NotSignedIn
        cart_id: CartId = opened[0]["id"]
        return cart_id

    async def open_of_guest(self, token: str, guests_kept: timedelta) -> CartId:
        """A new cart for a token that was just drawn."""
        (opened,) = await fetch(self._session, _OPEN_OF_GUEST, hash_of(token), guests_kept)
        cart_id: CartId = opened["id"]
        return cart_id

    async def add(self, cart_id: CartId, product_id: ProductId, quantity: int) -> bool:
        """Whether so many units more are in a cart that is held, at the price of now.

        They are not where there is no such product, or the line would have more than 999. Whether they can be had is
        left to the caller, who reads the cart afterwards.
        """
        (row,) = await fetch(self._session, _ADD_TO_HELD, cart_id, product_id, quantity)
        return bool(row["is_added"])

    async def add_of_user(self, user_id: UserId, product_id: ProductId, quantity: int) -> bool:
        """`open_of_user` and `add` in one statement."""
        rows = await fetch(self._session, _ADD_OF_USER, user_id, product_id, quantity)
        if not rows:
            raise NotSignedIn
        return bool(rows[0]["is_added"])

    async def change(self, cart_id: CartId, item_id: CartItemId, quantity: int) -> ProductId | None:
        """Have so many units in a line of a cart that is held, at the price of now; of which product it is, if there is
        such a line. As after `add` the caller reads whether they can be had.
        """
        changed = await fetch(self._session, _CHANGE, cart_id, item_id, quantity)
        return changed[0]["id"] if changed else None

    async def remove(self, cart_id: CartId, item_id: CartItemId) -> bool:
        """Whether there was such a line."""
        return bool(await fetch(self._session, _REMOVE, cart_id, item_id))

    async def empty(self, cart_id: CartId) -> None:
        await fetch(self._session, _EMPTY, cart_id)

    async def take(self, cart_id: CartId) -> list[TakenLine]:
        """Empty a cart that is held, and have what was in it, as its lines were added."""
        taken = await fetch(self._session, _TAKE, cart_id)
        return sorted((TakenLine(*row) for row in taken), key=lambda line: line.item_id)

    async def carry_over(self, guest_id: CartId, cart_id: CartId) -> None:
        """Add a guest's lines to a buyer's, as far as there is stock and room. Both carts are held."""
        await fetch(self._session, _CARRY, guest_id, cart_id)

    async def close(self, cart_id: CartId) -> None:
        await fetch(self._session, _CLOSE, cart_id)

    async def forget_expired(self) -> int:
        """Delete one batch of guests' carts that are over, but for those that somebody holds; how many it were."""
        over = select(Cart.id).where(Cart.expires_at <= func.now()).order_by(Cart.expires_at)
        batch = over.limit(_FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
        return len(
            (await self._session.scalars(delete(Cart).where(is_any_of(Cart.id, batch)).returning(Cart.id))).all()
        )


def _line(row: asyncpg.Record) -> CartLine:
    wanted = Reserved(
        row["product_id"],
        row["vendedor_id"],
        row["name"],
        row["sku"],
        Money(row["precio_venta"]),
        IvaClass(row["iva_class"]),
        row["quantity"],
        row["weight_kg"],
        row["withdrawal_excluded_reason"],
    )
    return CartLine(
        row["id"], wanted, Money(row["unit_price"]), row["stock_disponible"], row["for_sale"], row["product"]
    )
