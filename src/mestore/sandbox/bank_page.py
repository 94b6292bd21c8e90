"""The bank: where a buyer says yes or no to a PSE or Bancolombia payment, and is sent back to the shop."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mestore.sandbox.gateway import Gateway
from mestore.sandbox.pages import render
from mestore.sandbox.wompi_outcomes import BANK_OUTCOMES, BANKS

CHOICES = {"approve": BANK_OUTCOMES["1"], "decline": BANK_OUTCOMES["2"], "error": BANK_OUTCOMES["3"]}


def address_with_id(address: str, transaction_id: str) -> str:
    parts = urlsplit(address)
    query = "&".join(filter(None, [parts.query, urlencode({"id": transaction_id})]))
    return urlunsplit(parts._replace(query=query))


class BankPage:
    def __init__(self, gateway: Gateway) -> None:
        self._store = gateway.store
        self._ledger = gateway.ledger
        self._courier = gateway.courier

    def routes(self) -> list[Route]:
        return [
            Route("/wompi/v1/pse/redirect", self.show, methods=["GET"]),
            Route("/wompi/v1/pse/redirect", self.decide, methods=["POST"]),
        ]

    def _transaction(self, request: Request) -> dict[str, Any] | None:
        return self._ledger.find_ticket(request.query_params.get("ticket_id", ""))

    async def show(self, request: Request) -> Response:
        transaction = self._transaction(request)
        if transaction is None:
            return render("missing.html", status=404, what="Este pago")
        method = transaction["payment_method"]
        code = method.get("financial_institution_code")
        return render(
            "bank.html",
            transaction=transaction,
            bank=BANKS.get(code, f"Banco {code}") if code else "Bancolombia",
            back=address_with_id(transaction["redirect_url"], transaction["id"]),
        )

    async def decide(self, request: Request) -> Response:
        """A second press of a button changes nothing and leads back all the same.

        Nothing here awaits between reading the transaction and settling it.
        """
        choice = parse_qs((await request.body()).decode("utf-8", "replace")).get("outcome", [""])[0]
        transaction = self._transaction(request)
        if transaction is None:
            return render("missing.html", status=404, what="Este pago")
        outcome = CHOICES.get(choice)
        if outcome is None:
            return render("missing.html", status=422, what=f"La opción «{choice}»")
        if transaction["status"] == "PENDING":
            with self._store.transaction():
                self._ledger.settle(transaction["id"], outcome)
        self._courier.wake()
        return RedirectResponse(address_with_id(transaction["redirect_url"], transaction["id"]), 303)
