"""The counter: how a network of counters asks for a code and collects, and a cashier's page."""

import re
import secrets
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mestore.sandbox.pages import render
from mestore.sandbox.payvalida_api import refusing
from mestore.sandbox.payvalida_checks import Refusal, check_checksum, parse_object
from mestore.sandbox.payvalida_courier import PayvalidaCourier
from mestore.sandbox.payvalida_ledger import PayvalidaLedger, local_time

NETWORK = "efecty"
NETWORK_HASH = "sandbox-network-hash"
"""What the network signs with; a shop never learns it."""
COMMERCE = "MeStore"
CODE = re.compile(r"[0-9]{1,25}")


class PayvalidaCounter:
    def __init__(self, ledger: PayvalidaLedger, courier: PayvalidaCourier) -> None:
        self._ledger = ledger
        self._courier = courier

    def routes(self) -> list[Route]:
        return [
            Route("/payvalida/v1/orders/{reference}", refusing(self.ask, "TEXT"), methods=["GET"]),
            Route("/payvalida/v1/transactions/", refusing(self.take, "TEXT"), methods=["POST"]),
            Route("/payvalida/v1/transactions/confirm", refusing(self.confirm, "TEXT"), methods=["POST"]),
            Route("/payvalida/counter", self.show, methods=["GET"]),
            Route("/payvalida/counter", self.collect, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        reference, name = request.path_params["reference"], request.query_params.get("name")
        _of_network(name)
        check_checksum(request.query_params.get("checksum"), name, reference, NETWORK_HASH)
        order = self._ledger.by_code(reference)
        if order is None or order["state"] != "PENDIENTE":
            raise Refusal("0041")
        body = parse_object(order["body"].encode())
        data = {
            "AMOUNT": float(order["amount"]),
            "DESCRIPTION": body["description"],
            "DI": body.get("user_di", ""),
            "TYPEDI": body.get("user_type_di", ""),
            "NAME": body.get("user_name", ""),
            "LASTNAME1": "",
            "LASTNAME2": "",
            "COMMERCE": COMMERCE,
            "REFERENCE": reference,
        }
        return _answer(data)

    async def take(self, request: Request) -> Response:
        body = parse_object(await request.body())
        _of_network(body.get("name"))
        said = [body.get(field) for field in ("name", "reference", "amount", "transaction")]
        check_checksum(body.get("checksum"), *said, NETWORK_HASH)
        amount, operation = body.get("amount"), body.get("transaction")
        if type(amount) is not int or amount <= 0:
            raise Refusal("0021")
        if body.get("money") != "COP":
            raise Refusal("0023")
        if not isinstance(operation, str) or not operation or not isinstance(body.get("reference"), str):
            raise Refusal("0011")
        collected = self._ledger.take(body["reference"], amount, operation)
        data = {
            "AMOUNT": float(collected.amount),
            "DESCRIPTION": "",
            "REFERENCE": collected.reference,
            "IDTRANSACTION": operation,
            "IDPAYVALIDA": str(collected.id),
            "COMMERCE": COMMERCE,
        }
        return _answer(data)

    async def confirm(self, request: Request) -> Response:
        """Yes or no to what was taken. Payválida describes this step, but not its address or fields: they are ours."""
        body = parse_object(await request.body())
        _of_network(body.get("name"))
        operation, yes = body.get("transaction"), body.get("confirm")
        if type(yes) is not bool or not isinstance(operation, str):
            raise Refusal("0011")
        check_checksum(body.get("checksum"), NETWORK, operation, str(yes).lower(), NETWORK_HASH)
        collected = self._ledger.confirm(operation, yes=yes)
        self._courier.wake()
        return _answer({"IDTRANSACTION": operation, "STATE": collected.state})

    async def show(self, request: Request) -> Response:
        code = request.query_params.get("code", "")
        order = self._ledger.by_code(code) if code else None
        return render(
            "counter.html",
            status=404 if code and order is None else 200,
            code=code,
            order=order,
            until=local_time(order["expires_at"] - 1)[:16] if order else "",
        )

    async def collect(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        code, offline = form.get("code", [""])[0], "offline" in form
        order = self._ledger.by_code(code)
        if order is None:
            return render("missing.html", status=404, what="Ese código")
        try:
            pay(self._ledger, code, order["amount"], offline=offline)
        except Refusal as refusal:
            return render("missing.html", status=409, what=f"Un pago pendiente con ese código ({refusal.text})")
        self._courier.wake()
        return RedirectResponse(f"/payvalida/counter?code={code}", 303)


def pay(ledger: PayvalidaLedger, code: str, amount: int, *, offline: bool) -> str:
    """What a cashier does: takes the money and says that it was. Answers the number of the operation."""
    operation = f"{secrets.randbelow(10**6):06}-{secrets.token_hex(8)}"
    ledger.take(code, amount, operation, offline=offline)
    ledger.confirm(operation, yes=True)
    return operation


def _of_network(name: Any) -> None:
    if name != NETWORK:
        raise Refusal("0017")


def _answer(data: dict[str, Any]) -> Response:
    return JSONResponse({"CODE": "0000", "TEXT": "OK", "DATA": data})
