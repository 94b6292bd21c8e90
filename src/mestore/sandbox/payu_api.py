"""PayU's two services: payments and reports, each one address to which commands are posted."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox.faults import Endpoint, Faults
from mestore.sandbox.payu_checks import (
    Account,
    Refusal,
    amount_text,
    cash_expiry,
    check_caller,
    check_order,
    check_person,
    check_pse,
    invalid,
    parse,
    part,
    words,
)
from mestore.sandbox.payu_courier import PayuCourier
from mestore.sandbox.payu_ledger import PayuLedger
from mestore.sandbox.payu_outcomes import BANKS
from mestore.sandbox.store import Store

PREFIX = "/payu"
METHODS = {"36": "EFECTY", "25": "PSE", "10": "VISA", "11": "MASTERCARD"}
XML = "<error>This simulator speaks JSON only: say so in Content-Type and Accept</error>"
Handler = Callable[[dict[str, Any], Request], dict[str, Any]]


class PayuApi:
    def __init__(
        self, store: Store, account: Account, ledger: PayuLedger, courier: PayuCourier, faults: Faults
    ) -> None:
        self._store = store
        self._account = account
        self._ledger = ledger
        self._courier = courier
        payments: dict[str, Handler] = {
            "PING": lambda *_: {"transactionResponse": None},
            "GET_PAYMENT_METHODS": self._methods,
            "GET_BANKS_LIST": self._banks,
            "SUBMIT_TRANSACTION": self._submit,
        }
        reports: dict[str, Handler] = {
            "PING": lambda *_: {"result": {"payload": "ping"}},
            "ORDER_DETAIL": self._order,
            "ORDER_DETAIL_BY_REFERENCE_CODE": self._orders,
            "TRANSACTION_RESPONSE_DETAIL": self._response,
        }
        self._payments = _service(self, payments, faults, "payments", "transactionResponse")
        self._reports = _service(self, reports, faults, "reports", "result")

    def routes(self) -> list[Route]:
        return [
            Route(f"{PREFIX}/payments-api/4.0/service.cgi", self._payments, methods=["POST"]),
            Route(f"{PREFIX}/reports-api/4.0/service.cgi", self._reports, methods=["POST"]),
        ]

    def check(self, body: dict[str, Any]) -> None:
        check_caller(body, self._account)

    def _methods(self, *_: Any) -> dict[str, Any]:
        enabled = {"country": "CO", "enabled": True, "reason": None}
        return {"paymentMethods": [{"id": key, "description": name, **enabled} for key, name in METHODS.items()]}

    def _banks(self, body: dict[str, Any], _: Request) -> dict[str, Any]:
        wanted = part(body, "bankListInformation", "bankListInformation")
        if (wanted.get("paymentMethod"), wanted.get("paymentCountry")) != ("PSE", "CO"):
            raise invalid("bankListInformation.paymentMethod", "must be PSE in CO")
        first = {"id": "0", "description": "A continuación seleccione su banco", "pseCode": "0"}
        return {"banks": [first, *({"id": code, "description": name, "pseCode": code} for code, name in BANKS.items())]}

    def _submit(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        transaction = part(body, "transaction", "transaction")
        kind = words(transaction, "type", "transaction.type")
        if kind in ("REFUND", "PARTIAL_REFUND"):
            return self._refund(transaction, kind)
        if kind != "AUTHORIZATION_AND_CAPTURE":
            raise invalid("transaction.type", "is not enabled for the account")
        if transaction.get("paymentCountry") != "CO":
            raise invalid("transaction.paymentCountry", "must be CO")
        method = words(transaction, "paymentMethod", "transaction.paymentMethod")
        said = part(transaction, "order", "transaction.order")
        amount = int(check_order(said, self._account))
        payer = part(transaction, "payer", "transaction.payer")
        check_person(payer, "transaction.payer")
        if method == "PSE":
            check_pse(transaction)
        elif method != "EFECTY":
            raise invalid("transaction.paymentMethod", "is not enabled for the account")
        expiry = cash_expiry(transaction, amount, self._ledger.now()) if method == "EFECTY" else None
        values = {
            name: {"value": int(amount_text(said["additionalValues"], name)), "currency": "COP"}
            for name in said["additionalValues"]
        }
        with self._store.transaction():
            order_id = self._ledger.create_order(said, values, test=True)
            order = self._ledger.order(order_id)
            assert order is not None
            base = f"{request.base_url}payu"
            ticket = self._ledger.ticket(order_id)
            if expiry is None:
                extra: dict[str, Any] = {"TRANSACTION_CYCLE": "1", "BANK_URL": f"{base}/pse?ticket={ticket}"}
            else:
                extra = {
                    "REFERENCE": order_id,
                    "EXPIRATION_DATE": int(expiry.timestamp()) * 1_000,
                    "URL_PAYMENT_RECEIPT_HTML": f"{base}/ppp-web-gateway-payu/app/v2?vid={ticket}",
                    "URL_PAYMENT_RECEIPT_PDF": f"{base}/ppp-web-gateway-payu/receipt?vid={ticket}",
                }
            created = self._ledger.add_transaction(
                order,
                kind,
                method,
                answer={"extraParameters": extra},
                due=expiry.timestamp() if expiry else None,
                payer=payer,
                extraParameters=transaction.get("extraParameters"),
                expirationDate=int(expiry.timestamp()) * 1_000 if expiry else None,
            )
        self._courier.wake()
        info = {
            "paymentNetwork": method,
            "rejectionType": "NONE",
            "responseNetworkMessage": None,
            "travelAgencyAuthorizationCode": None,
            "cardType": None,
            "transactionType": kind,
        }
        answer = {"orderId": order_id, "transactionId": created["id"], **created["transactionResponse"]}
        return {"transactionResponse": answer | {"additionalInfo": info}}

    def _refund(self, transaction: dict[str, Any], kind: str) -> dict[str, Any]:
        said = part(transaction, "order", "transaction.order")
        number = str(said.get("id") or "")
        if not number:
            raise invalid("order.id", "must not be null")
        parent_id = words(transaction, "parentTransactionId", "parentTransactionId")
        words(transaction, "reason", "transaction.reason")
        order = self._ledger.order(int(number)) if number.isascii() and number.isdigit() else None
        parent = next((each for each in order["transactions"] if each["id"] == parent_id), None) if order else None
        if order is None or parent is None:
            raise invalid("parentTransactionId", "transaction not found")
        amount = None
        if kind == "PARTIAL_REFUND":
            amount = int(amount_text(part(transaction, "additionalValues", "additionalValues"), "TX_VALUE"))
        elif "additionalValues" in transaction:
            raise invalid("transaction.additionalValues", "is for partial refunds")
        with self._store.transaction():
            taken = self._ledger.refund(order, parent, kind, amount)
        answer = {
            "orderId": order["id"],
            "transactionId": None,
            "state": "PENDING" if taken else "DECLINED",
            "pendingReason": "PENDING_REVIEW" if taken else None,
            "responseCode": None if taken else "NOT_ACCEPTED_TRANSACTION",
            "responseMessage": str(order["id"]),
        }
        return {"transactionResponse": answer}

    def _order(self, body: dict[str, Any], _: Request) -> dict[str, Any]:
        number = part(body, "details", "details").get("orderId")
        if type(number) is not int:
            raise invalid("details.orderId", "must be a number")
        return {"result": {"payload": self._ledger.order(number)}}

    def _orders(self, body: dict[str, Any], _: Request) -> dict[str, Any]:
        reference = words(part(body, "details", "details"), "referenceCode", "details.referenceCode")
        found = self._ledger.orders(reference)
        return {"result": {"payload": found} if found else None}

    def _response(self, body: dict[str, Any], _: Request) -> dict[str, Any]:
        named = words(part(body, "details", "details"), "transactionId", "details.transactionId")
        found = self._ledger.find(named)
        return {"result": {"payload": found["transactionResponse"] if found else None}}


def _service(api: PayuApi, commands: dict[str, Handler], faults: Faults, name: str, empty: str) -> Endpoint:
    """One address. PayU says 200 to what it refuses too; `empty` is the part of the answer that is null then."""

    def refused(error: str) -> Response:
        return JSONResponse({"code": "ERROR", "error": error, empty: None})

    def answering(handler: Handler) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def answered(request: Request) -> Response:
            try:
                body = parse(await request.body())
                api.check(body)
                return JSONResponse({"code": "SUCCESS", "error": None, **handler(body, request)})
            except Refusal as refusal:
                return refused(str(refusal))

        return answered

    guarded = {
        command: faults.guard(f"payu {name} {command}", answering(handler)) for command, handler in commands.items()
    }

    async def dispatch(request: Request) -> Response:
        said = (request.headers.get("content-type", ""), request.headers.get("accept", ""))
        if not all("application/json" in each for each in said):
            return Response(XML, 415, media_type="application/xml")
        try:
            command = parse(await request.body()).get("command")
        except Refusal as refusal:
            return refused(str(refusal))
        endpoint = guarded.get(command) if isinstance(command, str) else None
        return await endpoint(request) if endpoint else refused("property: command, message: is unknown")

    return dispatch
