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

    async def check_out(self, buyer_id: UserId, wanted: CheckoutIn) -> OrderOut:
        """Order what is in the cart, which is empty afterwards. Of two at once the second finds it empty.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            CartEmpty: there is nothing in it, or no longer.
            CartItemsUnavailable: some lines are not for sale, or too few are left.
            MunicipalityUnknown, TotalChanged: see `OrderService.place`.
        """
        cart_id = await self._carts.hold(Shopper(user_id=buyer_id), self._guests_kept)
        lines = await self._carts.take(cart_id) if cart_id is not None else []
        if not lines:
            raise CartEmpty
        short = [line.item_id for line in lines if not line.can_be_had]
        if short:
            raise CartItemsUnavailable(list(short))
        items = [OrderItemIn(product_id=line.product_id, quantity=line.quantity) for line in lines]
        order_in = OrderIn(items=items, shipping_info=wanted.shipping_info)
        try:
            return await self._orders.place(
                buyer_id, order_in, expected_total=wanted.expected_total, account_is_held=True
            )
        except (OutOfStock, ProductUnavailable) as refusal:
            # Somebody was faster since the lines were taken, which the refusal undoes.
            short = [line.item_id for line in lines if line.product_id == refusal.product_id]
            raise CartItemsUnavailable(list(short)) from refusal
