"""A cart becomes an order: all of it or nothing, and once."""

from datetime import timedelta

from mestore.cart.errors import CartEmpty, CartItemsUnavailable
from mestore.cart.repository import CartRepository
from mestore.cart.schemas import CheckoutIn
from mestore.cart.shopper import Shopper
from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.core.database import Session
from mestore.core.ids import UserId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.orders.schemas import OrderIn, OrderItemIn, OrderOut
from mestore.orders.service import OrderService


class CheckoutService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._carts = CartRepository(session)
        self._orders = OrderService(session, settings, now)
        self._guests_kept = timedelta(days=settings.cart.guest_days)
        self._images_url = settings.media.public_url

    async def check_out(self, buyer_id: UserId, wanted: CheckoutIn) -> OrderOut:
        """Order what is in the cart, which is empty afterwards. Of two at once the second finds it empty.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            CartEmpty: there is nothing in it, or no longer.
            CartItemsUnavailable: some lines are not for sale, or too few are left.
            MunicipalityUnknown, TotalChanged: see `OrderService.place`.
        """
        buyer = Shopper(user_id=buyer_id)
        cart_id = await self._carts.hold(buyer, self._guests_kept)
        cart = await self._carts.read(buyer, self._images_url)
        if cart_id is None or cart is None or not cart.lines:
            raise CartEmpty
        short = [line.item_id for line in cart.lines if line.shortage is not None]
        if short:
            raise CartItemsUnavailable(list(short))
        items = [OrderItemIn(product_id=line.wanted.product_id, quantity=line.wanted.quantity) for line in cart.lines]
        order_in = OrderIn(items=items, shipping_info=wanted.shipping_info)
        try:
            order = await self._orders.place(buyer_id, order_in, expected_total=wanted.expected_total)
        except (OutOfStock, ProductUnavailable) as refusal:
            # Somebody was faster since the cart was read.
            short = [line.item_id for line in cart.lines if line.wanted.product_id == refusal.product_id]
            raise CartItemsUnavailable(list(short)) from refusal
        await self._carts.empty(cart_id)
        return order
