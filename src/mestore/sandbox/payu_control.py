"""The levers of the simulated PayU. Failing calls and forgetting everything are levers of the whole sandbox."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox.acting import Handlers, Impossible, act
from mestore.sandbox.clock import Clock
from mestore.sandbox.controls import Strict
from mestore.sandbox.payu_courier import PayuCourier
from mestore.sandbox.payu_ledger import REFUNDS, PayuLedger
from mestore.sandbox.payu_options import ConfirmationOptions, Options
from mestore.sandbox.payu_outcomes import CODES, USUAL, Outcome
from mestore.sandbox.store import Store


class AdvanceClock(Strict):
    """Moves the virtual clock, does all that has come due, and answers the deliveries made."""

    action: Literal["advance_clock"]
    seconds: float = Field(gt=0, le=366 * 86_400)


class ForceOutcome(Strict):
    """Settles the newest pending transaction of a reference now; with another amount for tests of a mismatch."""

    action: Literal["force_outcome"]
    reference: str
    state: Literal["APPROVED", "DECLINED", "EXPIRED", "ERROR"]
    code: str | None = None
    amount: int | None = None
    currency: str | None = None


class PayCash(Strict):
    """A cashier takes the money of a slip. A second time it is a second transaction of the order."""

    action: Literal["pay_cash"]
    order_id: int


class DecideRefund(Strict):
    """Ends PayU's review of the refund of a reference."""

    action: Literal["decide_refund"]
    reference: str
    state: Literal["APPROVED", "DECLINED"]


class SetConfirmations(ConfirmationOptions):
    """Changes the options named, leaves the others."""

    action: Literal["confirmations"]


class DeliverPending(Strict):
    action: Literal["deliver_pending"]


class ListDeliveries(Strict):
    action: Literal["list_deliveries"]
    reference: str | None = None


class Replay(Strict):
    action: Literal["replay"]
    confirmation_id: int
    times: int = Field(1, ge=1, le=100)


class Forge(Strict):
    """A confirmation about a transaction as it is not, signed with the true key or with a guessed one."""

    action: Literal["forge"]
    reference: str
    changes: dict[str, str] = {}
    genuine_sign: bool = False
    send: bool = True


Action = Annotated[
    AdvanceClock
    | ForceOutcome
    | PayCash
    | DecideRefund
    | SetConfirmations
    | DeliverPending
    | ListDeliveries
    | Replay
    | Forge,
    Field(discriminator="action"),
]
ACTIONS: TypeAdapter[Any] = TypeAdapter(Action)


class PayuControl:
    def __init__(self, store: Store, clock: Clock, ledger: PayuLedger, courier: PayuCourier, options: Options) -> None:
        self._store = store
        self._clock = clock
        self._ledger = ledger
        self._courier = courier
        self._options = options
        self._handlers: Handlers = {
            AdvanceClock: self._advance_clock,
            ForceOutcome: self._force_outcome,
            PayCash: self._pay_cash,
            DecideRefund: self._decide_refund,
            SetConfirmations: self._set_confirmations,
            DeliverPending: self._deliver_pending,
            ListDeliveries: self._list_deliveries,
            Replay: self._replay,
            Forge: self._forge,
        }

    def routes(self) -> list[Route]:
        return [
            Route("/control/payu", self.act, methods=["POST"]),
            Route("/control/payu/orders", self.orders),
        ]

    async def orders(self, _: Request) -> Response:
        return JSONResponse({"orders": self._ledger.orders()})

    async def act(self, request: Request) -> Response:
        return await act(request, ACTIONS, self._handlers)

    async def _advance_clock(self, action: AdvanceClock) -> dict[str, Any]:
        self._clock.advance(action.seconds)
        deliveries = await self._courier.finish_due()
        self._courier.wake()
        return {"now": self._clock.iso(), "deliveries": deliveries}

    async def _force_outcome(self, action: ForceOutcome) -> dict[str, Any]:
        transaction = self._pending(action.reference, refund=False)
        code = action.code or USUAL[action.state].code
        if code not in CODES:
            raise Impossible(f"unknown code {code!r}")
        with self._store.transaction():
            self._ledger.settle(
                transaction["id"], Outcome(action.state, code), amount=action.amount, currency=action.currency
            )
        self._courier.wake()
        return {"transaction": self._ledger.find(transaction["id"])}

    async def _pay_cash(self, action: PayCash) -> dict[str, Any]:
        order = self._ledger.order(action.order_id)
        if order is None or order["transactions"][0]["paymentMethod"] != "EFECTY":
            raise Impossible(f"{action.order_id} is no slip")
        first = order["transactions"][0]
        state, planned = first["transactionResponse"]["state"], self._ledger.planned(first["id"])
        if state == "EXPIRED":
            raise Impossible(f"the slip {action.order_id} is not valid any more")
        with self._store.transaction():
            if (state, planned) != ("PENDING", "EXPIRED"):
                first = self._ledger.add_transaction(order, first["type"], "EFECTY", answer={}, payer=order["buyer"])
            self._ledger.plan(first["id"], "APPROVED", self._options.read().cash_delay_seconds)
        self._courier.wake()
        return {"transaction": first}

    async def _decide_refund(self, action: DecideRefund) -> dict[str, Any]:
        transaction = self._pending(action.reference, refund=True)
        with self._store.transaction():
            self._ledger.settle(transaction["id"], USUAL[action.state])
        return {"transaction": self._ledger.find(transaction["id"])}

    async def _set_confirmations(self, action: SetConfirmations) -> dict[str, Any]:
        named = action.model_dump(exclude_unset=True, exclude={"action"})
        options = self._options.read().model_copy(update=named)
        self._options.write(options)
        self._courier.wake()
        return {"confirmations": options.model_dump()}

    async def _deliver_pending(self, _: DeliverPending) -> dict[str, Any]:
        return {"deliveries": await self._courier.finish_due(held=True)}

    async def _list_deliveries(self, action: ListDeliveries) -> dict[str, Any]:
        return {"deliveries": self._courier.deliveries(action.reference)}

    async def _replay(self, action: Replay) -> dict[str, Any]:
        if self._store.row("SELECT 1 FROM payu_confirmations WHERE id = ?", action.confirmation_id) is None:
            raise Impossible(f"there is no confirmation {action.confirmation_id}")
        return {"deliveries": await self._courier.send_copies(action.confirmation_id, "replay", action.times)}

    async def _forge(self, action: Forge) -> dict[str, Any]:
        orders = self._ledger.orders(action.reference)
        if not orders or not orders[0]["transactions"]:
            raise Impossible(f"no transaction has the reference {action.reference!r}")
        order = orders[0]
        fields = self._ledger.fields_about(order, order["transactions"][-1]) | action.changes
        fields = self._ledger.signed(fields, genuine=action.genuine_sign)
        confirmation_id = self._ledger.keep_confirmation(fields, order["notifyUrl"] or "")
        sent = await self._courier.send_copies(confirmation_id, "forged", 1) if action.send else []
        return {"confirmation_id": confirmation_id, "fields": fields, "deliveries": sent}

    def _pending(self, reference: str, *, refund: bool) -> dict[str, Any]:
        for order in self._ledger.orders(reference):
            for transaction in reversed(order["transactions"]):
                waits = transaction["transactionResponse"]["state"] == "PENDING"
                if waits and (transaction["type"] in REFUNDS) is refund:
                    return dict(transaction)
        raise Impossible(f"nothing of {reference!r} waits")
