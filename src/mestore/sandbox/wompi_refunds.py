"""Wompi's refunds, `/wompi/v1/refunds`: a part of a card's transaction, or what is too late for a void.

No event tells of a refund: whoever wants to know reads it. Lists by `reference` are our assumption, see the client.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mestore.sandbox.gateway import Gateway
from mestore.sandbox.wompi_api import PREFIX, answer, key_of, refusing
from mestore.sandbox.wompi_checks import MISSING, invalid, not_found, parse_object, text_in, unprocessable

SCENARIOS = ("approved", "declined", "error", "cancelled")
FIELDS = ("transaction_id", "amount_in_cents", "reason", "reference", "test_scenario")
FILTERS = ("transaction_id", "reference")
MORE_REFERENCES = tuple(f"reference_{number}" for number in range(2, 6))


class WompiRefunds:
    def __init__(self, gateway: Gateway) -> None:
        self._store = gateway.store
        self._clock = gateway.clock
        self._ledger = gateway.ledger
        self._keys = gateway.keys
        self._faults = gateway.faults

    def routes(self) -> list[Route]:
        table = {"POST /refunds": self.create, "GET /refunds": self.listed, "GET /refunds/{id}": self.one}
        return [
            Route(PREFIX + call.split()[1], self._faults.guard(call, refusing(endpoint)), methods=[call.split()[0]])
            for call, endpoint in table.items()
        ]

    async def create(self, request: Request) -> Response:
        body = parse_object(await request.body())
        check_refund(body)
        self._keys.require_private(key_of(request))
        transaction = self._ledger.find(body["transaction_id"])
        if transaction is None:
            raise not_found()
        with self._store.transaction():
            self._check_left(transaction, body["amount_in_cents"])
            number = self._ledger.add_refund(body)
        return answer(self._found(number), 201)

    async def listed(self, request: Request) -> Response:
        self._keys.require_private(key_of(request))
        wanted = {field: request.query_params[field] for field in FILTERS if field in request.query_params}
        found = [each for each in self._ledger.refunds() if all(each[field] == wanted[field] for field in wanted)]
        return answer(found)

    async def one(self, request: Request) -> Response:
        self._keys.require_private(key_of(request))
        return answer(self._found(request.path_params["id"]))

    def _found(self, number: Any) -> dict[str, Any]:
        for each in self._ledger.refunds():
            if str(each["id"]) == str(number):
                return each
        raise not_found()

    def _check_left(self, transaction: dict[str, Any], amount: int) -> None:
        approved_card = (transaction["payment_method_type"], transaction["status"]) == ("CARD", "APPROVED")
        if not approved_card or self._ledger.void_is_planned(transaction["id"]):
            raise unprocessable("La transacción no puede ser reembolsada")
        left = transaction["amount_in_cents"] - self._ledger.refunded(transaction["id"])
        if amount > left:
            raise invalid(f"debe ser <= {left}", "amount_in_cents")


def check_refund(body: dict[str, Any]) -> None:
    for field in body:
        if field not in (*FIELDS, *MORE_REFERENCES):
            raise invalid("no está permitido", field)
    if not body.get("transaction_id"):
        raise invalid("transaction_id Debe ser completado", "transaction_id")
    text_in(body, "transaction_id")
    amount = body.get("amount_in_cents")
    if amount is None:
        raise invalid(MISSING, "amount_in_cents")
    if type(amount) is not int or amount < 1:
        raise invalid("debe ser integer >= 1", "amount_in_cents")
    for field in ("reason", "reference", *MORE_REFERENCES):
        if body.get(field) is not None:
            text_in(body, field)
    if body.get("test_scenario") not in (None, *SCENARIOS):
        raise invalid(f"debe ser igual a uno de los valores predefinidos: {', '.join(SCENARIOS)}", "test_scenario")
