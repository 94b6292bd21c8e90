"""Wompi's Web Checkout, `/wompi/p/`: the page on which a buyer types a card, so that the shop never sees it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mestore.sandbox.bank_page import address_with_id
from mestore.sandbox.gateway import Gateway
from mestore.sandbox.pages import render
from mestore.sandbox.wompi_checkout_checks import check_checkout
from mestore.sandbox.wompi_checks import MISSING, Refusal, check_card, check_transaction, invalid
from mestore.sandbox.wompi_outcomes import CARD_OUTCOMES, OTHERWISE

PATH = "/wompi/p/"
CHOICES = {
    "card": None,
    "approve": CARD_OUTCOMES["4242424242424242"],
    "decline": CARD_OUTCOMES["4111111111111111"],
    "error": OTHERWISE,
}
"""What the buttons make of it: `card` what the card's number says, the others what they say, whatever card it is."""
ACCEPTED = ("accept_terms", "accept_personal_data")


class WompiCheckout:
    def __init__(self, gateway: Gateway) -> None:
        self._store = gateway.store
        self._panel = gateway.panel
        self._clock = gateway.clock
        self._keys = gateway.keys
        self._ledger = gateway.ledger
        self._courier = gateway.courier

    def routes(self) -> list[Route]:
        return [Route(PATH, self.show, methods=["GET"]), Route(PATH, self.pay, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        try:
            return self._page(self._asked(request))
        except Refusal as refusal:
            return _refused(refusal)

    async def pay(self, request: Request) -> Response:
        """A transaction is born of the card as by `POST /transactions`: PENDING, whatever becomes of it."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            asked = self._asked(request)
        except Refusal as refusal:
            return _refused(refusal)
        try:
            with self._store.transaction():
                transaction = self._transaction(asked, form)
        except Refusal as refusal:
            return self._page(asked, refusal)
        self._courier.wake()
        if self._panel.controls.events.before_response:
            await self._courier.finish(transaction["id"])
        if transaction["redirect_url"] is None:
            return self._page(asked)
        return RedirectResponse(address_with_id(transaction["redirect_url"], transaction["id"]), 303)

    def _asked(self, request: Request) -> dict[str, Any]:
        return check_checkout(request.query_params.multi_items(), self._keys, self._clock.now())

    def _transaction(self, asked: dict[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
        """Within a transaction of the caller's, so that what is refused leaves nothing behind."""
        for name in ACCEPTED:
            if form.get(name) != "on":
                raise invalid(MISSING, name)
        if form.get("outcome") not in CHOICES:
            raise invalid(f"debe ser igual a uno de los valores predefinidos: {', '.join(CHOICES)}", "outcome")
        check_card(dict(form), datetime.fromtimestamp(self._clock.now(), UTC))
        token = self._ledger.issue_card_token(form, CHOICES[form["outcome"]])["id"]
        installments = form.get("installments", "")
        body = asked | {
            "customer_email": asked["customer_email"] or form.get("email"),
            "payment_method": {
                "type": "CARD",
                "token": token,
                "installments": int(installments) if installments.isdecimal() else installments,
            },
        }
        check_transaction(body)
        return self._ledger.create(body, self._ledger.unused_card(body), "")

    def _page(self, asked: dict[str, Any], refusal: Refusal | None = None) -> Response:
        """A reference that has its transaction is shown with it, and can't be paid again."""
        transaction = self._ledger.find_reference(asked["reference"])
        address = transaction["redirect_url"] if transaction else None
        return render(
            "wompi_checkout.html",
            status=refusal.status if refusal else 200,
            asked=asked,
            error=_words(refusal) if refusal else None,
            transaction=transaction,
            back=address_with_id(address, transaction["id"]) if transaction and address else None,
        )


def _refused(refusal: Refusal) -> Response:
    return render("refused.html", status=refusal.status, error=_words(refusal))


def _words(refusal: Refusal) -> str:
    said = refusal.error.get("messages") or refusal.error["reason"]
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
