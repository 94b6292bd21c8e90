"""Carts: what comes in, and what shoppers see."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.cart.lines import Shortage
from mestore.catalog.schemas import ProductOut
from mestore.core.boundary import Input, Output, Price, Quantity, Uuid
from mestore.core.money import Money
from mestore.orders.schemas import ShippingInfo
from mestore.shipping.schemas import PromiseOut


class CartItemIn(Input):
    product_id: Uuid
    quantity: Annotated[Quantity, Field(examples=[2], description="Added to what the line has")]


class CartItemChangeIn(Input):
    quantity: Annotated[Quantity, Field(examples=[3], description="What the line has from now on")]


class CheckoutIn(Input):
    shipping_info: ShippingInfo
    expected_total: Annotated[
        Price, Field(examples=["74500.00"], description="The `total_amount` that the buyer was shown, and agrees to")
    ]
    coupon: Annotated[None, Field(description="Not in use yet")] = None


class CartItemOut(Output):
    id: int
    product: Annotated[ProductOut, Field(description="As it is now")]
    quantity: Annotated[int, Field(examples=[2])]
    unit_price: Annotated[Money, Field(examples=["50000.00"], description="Of now, net of IVA")]
    price_changed: Annotated[bool, Field(examples=[False], description="Since it was added; a PATCH agrees to it")]
    unit_price_before: Annotated[Money | None, Field(examples=[None], description="Where the price changed")]
    available: Annotated[bool, Field(description="Whether all of it can be had; if not, no total counts it")]
    unavailable_because: Annotated[Shortage | None, Field(examples=[None])]
    stock_disponible: Annotated[int, Field(examples=[10], description="Units that can be had; 0 when not for sale")]
    total_price: Annotated[Money | None, Field(examples=["100000.00"], description="Net; null when not available")]
    iva_amount: Annotated[Money | None, Field(examples=["19000.00"])]


class CartShop(Output):
    id: UUID
    slug: Annotated[str, Field(examples=["cafe-de-la-sierra"])]
    business_name: Annotated[str, Field(examples=["Café de la Sierra"])]
    rating: Annotated[str | None, Field(examples=["4.6"])]


class CartPackageOut(Output):
    """What one shop would send."""

    vendor: CartShop
    item_ids: Annotated[list[int], Field(description="Those of its lines that are available")]
    subtotal: Annotated[Money, Field(examples=["100000.00"], description="Net of IVA")]
    discount: Annotated[Money, Field(examples=["0.00"])]
    iva_amount: Annotated[Money, Field(examples=["19000.00"])]
    shipping_cost: Annotated[Money, Field(examples=["15000.00"])]
    total: Annotated[Money, Field(examples=["134000.00"])]
    missing_for_free_shipping: Annotated[
        Money | None,
        Field(examples=["119000.00"], description="In prices with IVA; null when it is free, or never is"),
    ]
    delivery_promise: PromiseOut


class CartTotals(Output):
    subtotal: Annotated[Money, Field(examples=["100000.00"], description="Net of IVA")]
    discount: Annotated[Money, Field(examples=["0.00"])]
    iva_amount: Annotated[Money, Field(examples=["19000.00"])]
    shipping_cost: Annotated[Money, Field(examples=["15000.00"])]
    total_amount: Annotated[Money, Field(examples=["134000.00"], description="What the order will cost")]


class CartOut(Output):
    token: Annotated[
        str | None,
        Field(
            examples=["pN4wX8rT1kV6bQ9mJ3cL7hF2dS5gZ0yA8uE4iO1oRtY"],
            description="A guest's: send it as `X-Cart-Token`; null where the cart is an account's, or there is none",
        ),
    ]
    items: list[CartItemOut]
    packages: list[CartPackageOut]
    totals: CartTotals
    municipality_code: Annotated[
        str | None, Field(examples=["11001"], description="For where shipping was computed; null: in general")
    ]
    coupon: Annotated[None, Field(description="Not in use yet")]
