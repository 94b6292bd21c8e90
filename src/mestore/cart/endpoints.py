"""The cart's addresses. Every answer is the cart as it is now, but for the checkout's, which is the order."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import TypeAdapter

from mestore.cart.checkout import CheckoutService
from mestore.cart.errors import CartEmpty, CartFull, CartItemNotFound, CartItemsUnavailable
from mestore.cart.schemas import CartItemChangeIn, CartItemIn, CartOut, CheckoutIn
from mestore.cart.service import CartService
from mestore.cart.shopper import CartToken, CurrentShopper
from mestore.cart.view import CartView
from mestore.catalog.errors import OutOfStock, ProductUnavailable
from mestore.core.boundary import PathInt, StrictRoute
from mestore.core.documentation import refusals
from mestore.core.idempotency import IdempotencyKeyInUse, IdempotencyKeyReused, OnceDep
from mestore.core.ids import CartItemId, ProductId
from mestore.core.reads import ReadyJson
from mestore.core.wiring import made_here
from mestore.orders.errors import MunicipalityUnknown, TooManyUnits, TotalChanged
from mestore.orders.schemas import OrderOut
from mestore.places.codes import MunicipalityCode
from mestore.shipping.errors import DestinationUnknown
from mestore.users.current import CurrentBuyer
from mestore.users.errors import NotSignedIn, WrongAccountType

router = APIRouter(prefix="/cart", tags=["cart"], route_class=StrictRoute)

Carts = Annotated[CartService, made_here(CartService)]
Checkout = Annotated[CheckoutService, made_here(CheckoutService)]
ItemPath = Annotated[PathInt, Path()]
Municipality = Annotated[
    MunicipalityCode | None,
    Query(description="Where it would go; left out, to the buyer's default address, else what holds in general"),
]
_ANYBODY = (NotSignedIn, WrongAccountType, DestinationUnknown)
_ORDER = TypeAdapter(OrderOut)


@router.get("", summary="See the cart", response_model=CartOut, responses=refusals(*_ANYBODY))
async def see_cart(shopper: CurrentShopper, carts: Carts, municipality_code: Municipality = None) -> Response:
    """A signed-in buyer's own, else the guest's whose `X-Cart-Token` is sent. Prices and stock are those of now; a line
    whose price changed says so, and one that can't be had stays and is not counted. The total is what an order to this
    municipality costs. An unknown or expired token is an empty cart.
    """
    return _personal(await carts.see(shopper, municipality_code))


@router.post(
    "/items",
    summary="Put units into the cart",
    response_model=CartOut,
    responses=refusals(*_ANYBODY, ProductUnavailable, OutOfStock, TooManyUnits, CartFull),
)
async def add_to_cart(
    body: CartItemIn, shopper: CurrentShopper, carts: Carts, municipality_code: Municipality = None
) -> Response:
    """Adds to the line there is of this product. A guest's first is answered with the `token` of its new cart, and so
    is one with an unknown or expired token.
    """
    product_id = ProductId(body.product_id)
    return _personal(await carts.add(shopper, product_id, body.quantity, municipality_code))


@router.patch(
    "/items/{item_id}",
    summary="Change how many units a line has",
    response_model=CartOut,
    responses=refusals(*_ANYBODY, CartItemNotFound, ProductUnavailable, OutOfStock),
)
async def change_cart_item(
    item_id: ItemPath,
    body: CartItemChangeIn,
    shopper: CurrentShopper,
    carts: Carts,
    municipality_code: Municipality = None,
) -> Response:
    """It also agrees to the price of now."""
    return _personal(await carts.change(shopper, CartItemId(item_id), body.quantity, municipality_code))


@router.delete(
    "/items/{item_id}",
    summary="Take a line out of the cart",
    response_model=CartOut,
    responses=refusals(*_ANYBODY, CartItemNotFound),
)
async def remove_cart_item(
    item_id: ItemPath, shopper: CurrentShopper, carts: Carts, municipality_code: Municipality = None
) -> Response:
    return _personal(await carts.remove(shopper, CartItemId(item_id), municipality_code))


@router.delete("", summary="Empty the cart", response_model=CartOut, responses=refusals(*_ANYBODY))
async def empty_cart(shopper: CurrentShopper, carts: Carts, municipality_code: Municipality = None) -> Response:
    """A guest's token stays good."""
    return _personal(await carts.clear(shopper, municipality_code))


@router.post(
    "/merge",
    summary="Merge the guest's cart into mine",
    response_model=CartOut,
    responses=refusals(*_ANYBODY),
)
async def merge_carts(
    buyer: CurrentBuyer, carts: Carts, token: CartToken = None, municipality_code: Municipality = None
) -> Response:
    """At sign-in: quantities are added, up to what is available and 999 of a product, 100 products in all. The guest's
    cart is gone afterwards; done again, nothing changes.
    """
    return _personal(await carts.merge(buyer.id, token, municipality_code))


@router.post(
    "/checkout",
    summary="Order what is in my cart",
    status_code=201,
    response_model=OrderOut,
    responses=refusals(
        NotSignedIn,
        WrongAccountType,
        CartEmpty,
        CartItemsUnavailable,
        TotalChanged,
        MunicipalityUnknown,
        IdempotencyKeyInUse,
        IdempotencyKeyReused,
    ),
)
async def check_out(body: CheckoutIn, buyer: CurrentBuyer, checkout: Checkout, once: OnceDep) -> Response:
    """The order is placed as by `POST /orders` and the cart is empty, or nothing has happened. It costs what was
    expected, else it is refused with the total of now. A guest signs in and merges first.
    """
    return await once.answer(buyer.id, 201, lambda: checkout.check_out(buyer.id, body), _ORDER)


def _personal(cart: CartView) -> Response:
    return ReadyJson(cart.json(), headers={"Cache-Control": "no-store"})
