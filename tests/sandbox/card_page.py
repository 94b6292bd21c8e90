"""A buyer before Wompi's page for cards."""

import httpx

CARD = {
    "email": "ana@example.com",
    "number": "4242424242424242",
    "card_holder": "ANA RUIZ",
    "cvc": "123",
    "exp_month": "08",
    "exp_year": "39",
    "installments": "1",
    "accept_terms": "on",
    "accept_personal_data": "on",
    "outcome": "card",
}


def type_card(address: str, **changes: str | None) -> httpx.Response:
    """A change to None leaves the field empty, as a box that is not ticked."""
    form = {name: value for name, value in (CARD | changes).items() if value is not None}
    return httpx.post(address, data=form, trust_env=False)


def open_page(address: str) -> httpx.Response:
    return httpx.get(address, trust_env=False)
