"""Carts as shoppers use them: filled, changed, merged at sign-in. Every change answers the cart as it is then."""

from datetime import timedelta

from mestore.cart import guest_tokens
from mestore.cart.errors import CartFull, CartItemNotFound
from mestore.cart.lines import CartLine, packages_in, parcels_in
from mestore.cart.repository import MOST_LINES, CartRead, CartRepository
from mestore.cart.shopper import Shopper
from mestore.cart.view import CartView
from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.core.database import Session
from mestore.core.ids import CartId, CartItemId, ProductId, UserId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.orders.errors import TooManyUnits
from mestore.places.dane import find_municipality
from mestore.shipping.errors import DestinationUnknown
from mestore.shipping.service import Destination, ShippingService
from mestore.users.service import UserService


class CartService:
    """In all of it `municipality_code` is for where shipping is computed; None: to the buyer's default address, else in
    general. There being no such municipality is DestinationUnknown, before anything else.
    """

    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._carts = CartRepository(session)
        self._shipping = ShippingService(session, settings, now)
        self._users = UserService(session, settings, now)
        self._guests_kept = timedelta(days=settings.cart.guest_days)
        self._images_url = settings.media.public_url

    async def see(self, shopper: Shopper, municipality_code: str | None) -> CartView:
        """The cart as it is now; an empty one where there is none. Nothing is written."""
        _known(municipality_code)
        return await self._view(shopper, await self._carts.read(shopper, self._images_url), municipality_code)

    async def add(
        self, shopper: Shopper, product_id: ProductId, quantity: int, municipality_code: str | None
    ) -> CartView:
        """Put units into the cart, at the price of now. A guest without a living cart gets a new one, with its token.

        Raises:
            ProductUnavailable: absent, or not for sale.
            OutOfStock: with those in the cart already it is more than can be had.
            TooManyUnits: with those in the cart already it is more than 999.
            CartFull: a hundred other products are in it.
        """
        _known(municipality_code)
        if shopper.user_id is not None:
            is_added = await self._carts.add_of_user(shopper.user_id, product_id, quantity)
        else:
            shopper, cart_id = await self._open_of_guest(shopper)
            is_added = await self._carts.add(cart_id, product_id, quantity)
        cart, line = await self._read_for_sale(shopper, product_id)
        if len(cart.lines) > MOST_LINES:
            raise CartFull(MOST_LINES)
        if not is_added and line.stock_disponible >= line.wanted.quantity + quantity:
            raise TooManyUnits
        if not is_added or line.shortage is not None:
            raise OutOfStock(product_id, line.stock_disponible)
        return await self._view(shopper, cart, municipality_code)

    async def change(
        self, shopper: Shopper, item_id: CartItemId, quantity: int, municipality_code: str | None
    ) -> CartView:
        """Have so many units in a line, and agree to the price of now.

        Raises:
            CartItemNotFound: this cart has no such line.
            ProductUnavailable, OutOfStock: see `add`.
        """
        _known(municipality_code)
        cart_id = await self._hold(shopper)
        product_id = await self._carts.change(cart_id, item_id, quantity) if cart_id is not None else None
        if product_id is None:
            raise CartItemNotFound
        cart, line = await self._read_for_sale(shopper, product_id)
        if line.shortage is not None:
            raise OutOfStock(product_id, line.stock_disponible)
        return await self._view(shopper, cart, municipality_code)

    async def remove(self, shopper: Shopper, item_id: CartItemId, municipality_code: str | None) -> CartView:
        """Take a line out.

        Raises:
            CartItemNotFound: this cart has no such line, or no longer.
        """
        _known(municipality_code)
        cart_id = await self._hold(shopper)
        if cart_id is None or not await self._carts.remove(cart_id, item_id):
            raise CartItemNotFound
        return await self.see(shopper, municipality_code)

    async def clear(self, shopper: Shopper, municipality_code: str | None) -> CartView:
        """Take everything out; of an empty cart, or of none, that is nothing."""
        _known(municipality_code)
        if (cart_id := await self._hold(shopper)) is not None:
            await self._carts.empty(cart_id)
        return await self.see(shopper, municipality_code)

    async def merge(self, buyer_id: UserId, token: str | None, municipality_code: str | None) -> CartView:
        """Add a guest's cart to the buyer's, as far as there is stock, and end it: its token is good for nothing more.

        At once or again, it is added once: whoever comes second finds no such cart.
        """
        _known(municipality_code)
        buyer = Shopper(user_id=buyer_id)
        if token is not None:
            await self._users.keep_open(buyer_id)
            guest_id = await self._carts.hold(Shopper(token=token), self._guests_kept)
            if guest_id is not None:
                await self._carts.carry_over(guest_id, await self._carts.open_of_user(buyer_id))
                await self._carts.close(guest_id)
        return await self.see(buyer, municipality_code)

    async def _open_of_guest(self, shopper: Shopper) -> tuple[Shopper, CartId]:
        """The guest's cart to add to, held, and whose it is from now on."""
        if (cart_id := await self._hold(shopper)) is not None:
            return shopper, cart_id
        token = guest_tokens.draw()
        return Shopper(token=token), await self._carts.open_of_guest(token, self._guests_kept)

    async def _read_for_sale(self, shopper: Shopper, product_id: ProductId) -> tuple[CartRead, CartLine]:
        """The cart as it was just changed, and its line of a product that has to be for sale."""
        cart = await self._carts.read(shopper, self._images_url)
        line = next((line for line in cart.lines if line.wanted.product_id == product_id), None) if cart else None
        if cart is None or line is None or not line.for_sale:
            raise ProductUnavailable(product_id)
        return cart, line

    async def _view(self, shopper: Shopper, cart: CartRead | None, municipality_code: str | None) -> CartView:
        lines = cart.lines if cart else []
        code = municipality_code or (cart.destination if cart else None)
        quotes = await self._shipping.quote(parcels_in(lines), Destination(None, code))
        return CartView(shopper.token if cart else None, lines, packages_in(lines, quotes), code)

    async def _hold(self, shopper: Shopper) -> CartId | None:
        if shopper.user_id is None and shopper.token is None:
            return None
        return await self._carts.hold(shopper, self._guests_kept)


def _known(municipality_code: str | None) -> None:
    if municipality_code is not None and find_municipality(municipality_code) is None:
        raise DestinationUnknown
