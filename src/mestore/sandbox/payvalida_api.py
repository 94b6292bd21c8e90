"""Payválida's HTTP interface for shops, `/payvalida/api/v3/porders`: always 200, and `CODE` decides."""

import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox.clock import Clock
from mestore.sandbox.faults import Endpoint, Faults
from mestore.sandbox.payvalida_checks import Account, Refusal, check_checksum, check_order, parse_object
from mestore.sandbox.payvalida_ledger import PayvalidaLedger, local_time

PREFIX = "/payvalida/api/v3/porders"


def refusing(endpoint: Callable[[Request], Coroutine[Any, Any, Response]], text: str = "DESC") -> Endpoint:
    """The endpoint, its refusals answered with their code and, under the name of `text`, their words."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return JSONResponse({"CODE": refusal.code, text: refusal.text})

    return answered


class PayvalidaApi:
    def __init__(self, ledger: PayvalidaLedger, account: Account, clock: Clock, faults: Faults) -> None:
        self._ledger = ledger
        self._account = account
        self._clock = clock
        self._faults = faults

    def routes(self) -> list[Route]:
        table = {
            "POST /porders": self.create,
            "PATCH /porders": self.update,
            "GET /porders/{order}": self.query,
            "DELETE /porders/{order}": self.delete,
        }
        return [
            Route(
                PREFIX.removesuffix("/porders") + call.split()[1],
                self._faults.guard(call, refusing(endpoint)),
                methods=[call.split()[0]],
            )
            for call, endpoint in table.items()
        ]

    async def create(self, request: Request) -> Response:
        body = parse_object(await request.body())
        check_order(body, self._account, self._clock.now())
        return _answer(self._created(self._ledger.create(body), "CREADA", request))

    async def update(self, request: Request) -> Response:
        body = parse_object(await request.body())
        check_order(body, self._account, self._clock.now())
        return _answer(self._created(self._ledger.update(body), "ACTUALIZADA", request))

    async def query(self, request: Request) -> Response:
        order = self._ledger.order(self._asked(request))
        body = parse_object(order["body"].encode())
        data = {
            "ORDER": order["id"],
            "CODE": order["number"],
            "STATE": order["state"],
            "AMOUNT": f"{order['amount']}.00",
            "CURRENCY": "COP",
            "REFERENCE": order["reference"],
            "PAYMNENT_METHOD": "EFECTY",
            "EMAIL": body["email"],
            "DESCRIPTION": body["description"],
            "LIFE_TIME": f"{int((order['expires_at'] - order['created_at']) // 3_600)}h",
            "CREATION_DATE": local_time(order["created_at"]),
            "UDPATE_DATE": local_time(order["updated_at"]),
            "NOTIFICATION_RESPONSE": "",
            "checkout": _checkout(order, request),
            "TRANSACTION": {},
        }
        return _answer(data)

    async def delete(self, request: Request) -> Response:
        order = self._ledger.delete(self._asked(request))
        data = {
            "OrderID": order["id"],
            "Amount": f"{order['amount']}.0",
            "PVOrderID": str(order["number"]),
            "Reference": order["reference"],
            "Operation": "DELETED",
        }
        return _answer(data)

    def _asked(self, request: Request) -> str:
        """The order of the address, once the caller has shown that it is the merchant's to ask for."""
        order: str = request.path_params["order"]
        query = request.query_params
        if query.get("merchant") != self._account.merchant:
            raise Refusal("0017")
        check_checksum(query.get("checksum"), order, self._account.merchant, self._account.fixed_hash)
        return order

    def _created(self, order: sqlite3.Row, operation: str, request: Request) -> dict[str, Any]:
        return {
            "OrdenID": order["id"],
            "Monto": f"{order['amount']}.0",
            "PVordenID": str(order["number"]),
            "Referencia": order["reference"],
            "Operacion": operation,
            "checkout": _checkout(order, request),
        }


def _checkout(order: sqlite3.Row, request: Request) -> str:
    return f"{request.url.netloc}/payvalida/counter?code={order['reference']}"


def _answer(data: dict[str, Any]) -> Response:
    return JSONResponse({"CODE": "0000", "DESC": "OK", "DATA": data})
