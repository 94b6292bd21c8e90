"""Wompi's HTTP interface, `/wompi/v1`."""

import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox.faults import Endpoint
from mestore.sandbox.gateway import Gateway
from mestore.sandbox.wompi_checks import (
    Refusal,
    bearer,
    check_card,
    check_signature,
    check_transaction,
    invalid,
    not_found,
    parse_object,
)
from mestore.sandbox.wompi_ledger import MERCHANT
from mestore.sandbox.wompi_outcomes import BANKS

PREFIX = "/wompi/v1"
LONGEST_PAGE = 200
FILTERS = ("id", "reference", "status", "customer_email", "payment_method_type")


def key_of(request: Request) -> str | None:
    return bearer(request.headers.get("authorization"))


def answer(data: Any, status: int = 200, **meta: Any) -> Response:
    return JSONResponse({"data": data, "meta": meta}, status)


class WompiApi:
    def __init__(self, gateway: Gateway) -> None:
        self._store = gateway.store
        self._panel = gateway.panel
        self._clock = gateway.clock
        self._ledger = gateway.ledger
        self._courier = gateway.courier
        self._keys = gateway.keys
        self._faults = gateway.faults

    def routes(self) -> list[Route]:
        table: dict[str, Callable[[Request], Coroutine[Any, Any, Response]]] = {
            "GET /merchants/info": self.merchant_info,
            "GET /merchants/{key}": self.merchant_by_key,
            "POST /tokens/cards": self.create_card_token,
            "GET /pse/financial_institutions": self.financial_institutions,
            "POST /transactions": self.create_transaction,
            "GET /transactions": self.list_transactions,
            "GET /transactions/{id}": self.get_transaction,
            "POST /transactions/{id}/void": self.void_transaction,
        }
        return [
            Route(PREFIX + call.split()[1], self._faults.guard(call, refusing(endpoint)), methods=[call.split()[0]])
            for call, endpoint in table.items()
        ]

    async def merchant_info(self, request: Request) -> Response:
        return self._merchant(request.headers.get("x-merchant-public-key"), request)

    async def merchant_by_key(self, request: Request) -> Response:
        """The old form, announced to disappear after 2026-10-31."""
        return self._merchant(request.path_params["key"], request)

    def _merchant(self, key: str | None, request: Request) -> Response:
        if not self._keys.present(key).startswith("pub_"):
            raise invalid("Formato inválido", "public_key")
        if key != self._keys.public:
            raise not_found()
        with self._store.transaction():
            policy, personal = (self._acceptance(kind, request) for kind in ("END_USER_POLICY", "PERSONAL_DATA_AUTH"))
        return answer(
            {
                **MERCHANT,
                "active": True,
                "public_key": self._keys.public,
                "accepted_currencies": ["COP"],
                "accepted_payment_methods": ["CARD", "NEQUI", "PSE", "BANCOLOMBIA_TRANSFER"],
                "presigned_acceptance": policy,
                "presigned_personal_data_auth": personal,
            }
        )

    def _acceptance(self, kind: str, request: Request) -> dict[str, Any]:
        permalink = f"{request.base_url}wompi/documents/{kind.lower()}"
        token = self._ledger.issue_acceptance_token(kind, permalink)
        return {"acceptance_token": token, "type": kind, "permalink": permalink}

    async def create_card_token(self, request: Request) -> Response:
        body = parse_object(await request.body())
        key = key_of(request)
        self._keys.require_public(key)
        check_card(body, datetime.fromtimestamp(self._clock.now(), UTC))
        return JSONResponse({"status": "CREATED", "data": self._ledger.issue_card_token(body)}, 201)

    async def financial_institutions(self, request: Request) -> Response:
        self._keys.require_public_or_private(key_of(request))
        return answer(
            [{"financial_institution_code": code, "financial_institution_name": name} for code, name in BANKS.items()]
        )

    async def create_transaction(self, request: Request) -> Response:
        """The order of the checks is Wompi's: the body and its card token, the key, the acceptance tokens (used up from

        then on), the signature, the reference. Nothing here awaits between reading the body and the stored transaction.
        """
        body = parse_object(await request.body())
        check_transaction(body)
        card = self._ledger.unused_card(body)
        self._keys.require_private(key_of(request))
        with self._store.transaction():
            self._ledger.burn_acceptance_tokens(body)
        check_signature(body, self._keys.integrity)
        with self._store.transaction():
            transaction = self._ledger.create(body, card, f"{request.base_url}wompi/v1/pse/redirect")
        self._courier.wake()
        if self._panel.controls.events.before_response:
            await self._courier.finish(transaction["id"])
        return answer(transaction, 201)

    async def get_transaction(self, request: Request) -> Response:
        self._keys.require_reader(key_of(request))
        return answer(self._existing(request))

    def _existing(self, request: Request) -> dict[str, Any]:
        transaction = self._ledger.find(request.path_params["id"])
        if transaction is None:
            raise not_found()
        return transaction

    async def list_transactions(self, request: Request) -> Response:
        self._keys.require_private(key_of(request))
        query = request.query_params
        page, size = _whole(query.get("page", "1"), "page"), _whole(query.get("page_size", "50"), "page_size")
        if size > LONGEST_PAGE:
            raise invalid(f"debe ser <= {LONGEST_PAGE}", "page_size")
        wanted = {field: query[field] for field in FILTERS if field in query}
        known = self._ledger.find_reference(wanted["reference"]) if "reference" in wanted else None
        candidates = self._ledger.newest() if "reference" not in wanted else [known] if known else []
        since, until = query.get("from_date", ""), query.get("until_date", "9999")
        found = [
            transaction
            for transaction in candidates
            if all(transaction[field] == value for field, value in wanted.items())
            and since <= transaction["created_at"][:10] <= until
        ]
        if query.get("order", "DESC").upper() == "ASC":
            found.reverse()
        return answer(
            found[(page - 1) * size : page * size],
            page=page,
            page_size=size,
            total_pages=-(-len(found) // size),
            total_results=len(found),
        )

    async def void_transaction(self, request: Request) -> Response:
        body = parse_object(await request.body())
        self._keys.require_private(key_of(request))
        transaction = self._existing(request)
        amount = body.get("amount_in_cents", transaction["amount_in_cents"])
        if type(amount) is not int or not 0 < amount <= transaction["amount_in_cents"]:
            raise invalid(f"debe ser integer entre 1 y {transaction['amount_in_cents']}", "amount_in_cents")
        with self._store.transaction():
            self._ledger.plan_void(transaction)
        self._courier.wake()
        voiding = {"status": "APPROVED", "status_message": None, "transaction": transaction}
        return answer(voiding, 201, trace_id=secrets.token_hex(16))


def _whole(text: str, field: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**6:
        raise invalid("debe ser integer >= 1", field)
    return int(text)


def refusing(endpoint: Callable[[Request], Coroutine[Any, Any, Response]]) -> Endpoint:
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.error}, refusal.status)

    return answered
