"""Where buyers go: PSE's bank, Efecty's slip, and PayU's own page for cards."""

import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mestore.sandbox.pages import render
from mestore.sandbox.payu_api import PREFIX
from mestore.sandbox.payu_checks import (
    ADDRESS,
    EMAIL,
    Account,
    Refusal,
    check_money,
    checkout_expiry,
    invalid,
    luhn,
    one_decimal,
)
from mestore.sandbox.payu_courier import PayuCourier
from mestore.sandbox.payu_ledger import PayuLedger
from mestore.sandbox.payu_outcomes import BANKS, CODES, STATES, USUAL, card_outcome, network_of
from mestore.sandbox.store import Store

CHOICES = {"approve": "APPROVED", "decline": "DECLINED", "error": "ERROR", "later": "PENDING"}
OVER = "El plazo para este pago ya terminó"
FORM = (
    *("merchantId", "accountId", "description", "referenceCode", "amount", "tax", "taxReturnBase", "currency"),
    *("signature", "test", "buyerEmail", "payerFullName", "responseUrl", "confirmationUrl"),
)


async def form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


class PayuPages:
    def __init__(self, store: Store, account: Account, ledger: PayuLedger, courier: PayuCourier) -> None:
        self._store = store
        self._account = account
        self._ledger = ledger
        self._courier = courier

    def routes(self) -> list[Route]:
        checkout = f"{PREFIX}/ppp-web-gateway-payu"
        return [
            Route(f"{PREFIX}/pse", self.bank, methods=["GET"]),
            Route(f"{PREFIX}/pse", self.decide, methods=["POST"]),
            Route(f"{checkout}/app/v2", self.slip, methods=["GET"]),
            Route(f"{checkout}/", self.open_checkout, methods=["POST"]),
            Route(f"{checkout}/pay", self.show_checkout, methods=["GET"]),
            Route(f"{checkout}/pay", self.pay, methods=["POST"]),
        ]

    # PSE

    def _order(self, request: Request, name: str) -> dict[str, Any] | None:
        return self._ledger.by_ticket(request.query_params.get(name, ""))

    async def bank(self, request: Request) -> Response:
        order = self._order(request, "ticket")
        if order is None:
            return render("missing.html", status=404, what="Este pago")
        transaction = order["transactions"][-1]
        bank = BANKS[transaction["extraParameters"]["FINANCIAL_INSTITUTION_CODE"]]
        back = self._back(order, transaction, transaction["extraParameters"]["RESPONSE_URL"])
        return render("payu_bank.html", order=order, transaction=transaction, bank=bank, back=back)

    async def decide(self, request: Request) -> Response:
        """A second press of a button changes nothing and leads back all the same."""
        order = self._order(request, "ticket")
        state = CHOICES.get((await form_of(request)).get("outcome", ""))
        if order is None or state is None:
            return render("missing.html", status=422 if order else 404, what="Esta opción")
        transaction_id = order["transactions"][-1]["id"]
        with self._store.transaction():
            transaction = self._ledger.find(transaction_id)
            assert transaction is not None
            if transaction["transactionResponse"]["state"] == "PENDING" and state != "PENDING":
                self._ledger.settle(transaction_id, USUAL[state])
        self._courier.wake()
        settled = self._ledger.find(transaction_id)
        assert settled is not None
        return RedirectResponse(self._back(order, settled, settled["extraParameters"]["RESPONSE_URL"]), 303)

    def _back(self, order: Mapping[str, Any], transaction: Mapping[str, Any], address: str) -> str:
        """The shop's address with what PayU says there, signed."""
        answer, value = transaction["transactionResponse"], transaction["additionalValues"]["TX_VALUE"]
        reference, text = order["referenceCode"], f"{value['value']}.00"
        state = STATES[answer["state"]]
        said = {
            "merchantId": self._account.merchant_id,
            "transactionState": state,
            "polTransactionState": state,
            "polResponseCode": CODES[answer["responseCode"]],
            "lapTransactionState": answer["state"],
            "lapResponseCode": answer["responseCode"],
            "referenceCode": reference,
            "reference_pol": order["id"],
            "transactionId": transaction["id"],
            "TX_VALUE": text,
            "currency": value["currency"],
            "signature": self._account.sign(reference, one_decimal(text), value["currency"], state),
            "buyerEmail": order["buyer"]["emailAddress"],
            "cus": answer["trazabilityCode"] or "",
            "message": answer["state"],
        }
        parts = urlsplit(address)
        return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(said)]))))

    # Efecty

    async def slip(self, request: Request) -> Response:
        order = self._order(request, "vid")
        if order is None:
            return render("missing.html", status=404, what="Este recibo")
        return render("payu_slip.html", order=order, transaction=order["transactions"][0])

    # Cards

    async def open_checkout(self, request: Request) -> Response:
        """What the shop's page posted, once it is right, is an order and a page to pay it."""
        form = await form_of(request)
        try:
            self._check(form)
            ends = checkout_expiry(form, self._ledger.now())
        except Refusal as refusal:
            return render("refused.html", status=400, error=str(refusal))
        values = {"TX_VALUE": form["amount"], "TX_TAX": form["tax"], "TX_TAX_RETURN_BASE": form["taxReturnBase"]}
        person = {
            "fullName": form["payerFullName"],
            "emailAddress": form["buyerEmail"],
            "contactPhone": form.get("telephone"),
            "responseUrl": form["responseUrl"],
        }
        said = form | {"notifyUrl": form["confirmationUrl"], "buyer": person}
        with self._store.transaction():
            order_id = self._ledger.create_order(
                said,
                {name: {"value": int(text), "currency": "COP"} for name, text in values.items()},
                test=form["test"] == "1",
            )
            if ends is not None:
                self._ledger.close_checkout_at(order_id, ends)
        return RedirectResponse(f"{PREFIX}/ppp-web-gateway-payu/pay?ticket={self._ledger.ticket(order_id)}", 303)

    def _check(self, form: dict[str, str]) -> None:
        for name in FORM:
            if not form.get(name):
                raise invalid(name, "must not be null")
        if (form["merchantId"], form["accountId"]) != (self._account.merchant_id, self._account.account_id):
            raise invalid("accountId", "account not found")
        for name in ("amount", "tax", "taxReturnBase"):
            if not re.fullmatch(r"[0-9]{1,12}", form[name]):
                raise invalid(name, "must be a number without decimals")
        expected = self._account.sign(form["referenceCode"], form["amount"], form["currency"])
        if form["currency"] != "COP" or not hmac.compare_digest(form["signature"].encode(), expected.encode()):
            raise invalid("signature", "invalid signature")
        check_money(form["amount"], form["tax"], form["taxReturnBase"])
        addresses = all(ADDRESS.fullmatch(form[name]) for name in ("responseUrl", "confirmationUrl"))
        if not addresses or not EMAIL.fullmatch(form["buyerEmail"]) or form["test"] not in ("0", "1"):
            raise invalid("form", "addresses or test are not valid")

    async def show_checkout(self, request: Request) -> Response:
        order = self._order(request, "ticket")
        if order is None:
            return render("missing.html", status=404, what="Este pago")
        return self._checkout(order)

    async def pay(self, request: Request) -> Response:
        """Each card that is tried is a transaction of the same order, until one is approved."""
        order = self._order(request, "ticket")
        if order is None:
            return render("missing.html", status=404, what="Este pago")
        if order["status"] in ("CAPTURED", "REFUNDED"):
            return self._checkout(order)
        card = await form_of(request)
        error = OVER if self._ledger.checkout_is_over(order["id"]) else _card_error(card)
        if error is not None:
            return self._checkout(order, error)
        network = network_of(card["number"])
        masked = f"{card['number'][:6]}******{card['number'][-4:]}"
        with self._store.transaction():
            transaction = self._ledger.add_transaction(
                order,
                "AUTHORIZATION_AND_CAPTURE",
                network,
                answer={"responseCode": "PENDING_TRANSACTION_REVIEW"},
                creditCard={"maskedNumber": masked, "name": card["name"], "issuerBank": None},
            )
            self._ledger.settle(transaction["id"], card_outcome(card, order["buyer"]["emailAddress"]))
        self._courier.wake()
        settled = self._ledger.find(transaction["id"])
        assert settled is not None
        return RedirectResponse(self._back(order, settled, order["buyer"]["responseUrl"]), 303)

    def _checkout(self, order: Mapping[str, Any], error: str | None = None) -> Response:
        over = self._ledger.checkout_is_over(order["id"])
        return render("payu_checkout.html", status=422 if error else 200, order=order, error=error, over=over)


def _card_error(card: Mapping[str, str]) -> str | None:
    shapes = {
        "number": r"[0-9]{13,19}",
        "name": r"\S.{0,99}",
        "security_code": r"[0-9]{3,4}",
        "month": r"0[1-9]|1[0-2]",
        "year": r"20[0-9]{2}",
    }
    for name, shape in shapes.items():
        if not re.fullmatch(shape, card.get(name, ""), re.ASCII):
            return f"El campo {name} no es válido"
    return None if luhn(card["number"]) else "El número de tarjeta no es válido"
