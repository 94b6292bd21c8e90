"""What no gateway has: the levers by which a test makes this one late, wrong, absent or twice as eager."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox import wompi_events
from mestore.sandbox.acting import Handlers, Impossible, act
from mestore.sandbox.controls import EventOptions, Fault, SettleDelay, Strict
from mestore.sandbox.gateway import Gateway
from mestore.sandbox.wompi_outcomes import BANK_OUTCOMES, Outcome, RecordedAmount

FORCIBLE = {"PENDING": ("APPROVED", "DECLINED", "ERROR", "VOIDED"), "APPROVED": ("VOIDED",)}
MESSAGES = {outcome.status: outcome.message for outcome in BANK_OUTCOMES.values()}


class AdvanceClock(Strict):
    """Moves the virtual clock, does all that has come due, and answers the deliveries made."""

    action: Literal["advance_clock"]
    seconds: float = Field(gt=0, le=366 * 86_400)


class ForceOutcome(RecordedAmount):
    """Settles a pending transaction now, or voids an approved one."""

    action: Literal["force_outcome"]
    reference: str
    status: Literal["APPROVED", "DECLINED", "ERROR", "VOIDED"]
    status_message: str | None = None


class DecideRefund(Strict):
    """Ends the newest refund of a reference that waits."""

    action: Literal["decide_refund"]
    reference: str
    status: Literal["APPROVED", "DECLINED", "ERROR", "CANCELLED"]


class ListRefunds(Strict):
    action: Literal["list_refunds"]


class FailNext(Fault):
    action: Literal["fail_next"]


class SetEvents(EventOptions):
    """Changes the options named, leaves the others."""

    action: Literal["events"]


class SetSettleDelay(SettleDelay):
    action: Literal["settle_delay"]


class SetVoidWindow(Strict):
    """For so long after its approval a transaction can be voided."""

    action: Literal["void_window"]
    seconds: float = Field(ge=0)


class DeliverPending(Strict):
    action: Literal["deliver_pending"]


class ListDeliveries(Strict):
    action: Literal["list_deliveries"]
    reference: str | None = None


class ListEvents(Strict):
    action: Literal["list_events"]
    reference: str | None = None


class Replay(Strict):
    action: Literal["replay"]
    event_id: int
    times: int = Field(1, ge=1, le=1_000)
    concurrency: int = Field(20, ge=1, le=100)


class ForgeEvent(Strict):
    """From a genuine event (`event_id`), from a transaction as it stands (`reference`), or from nothing."""

    action: Literal["forge_event"]
    event_id: int | None = None
    reference: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)
    sign: wompi_events.Signing = True
    send: bool = True


class Reset(Strict):
    """Forgets everything: transactions, tokens, events, mails, SMS, options and the clock."""

    action: Literal["reset"]


Action = Annotated[
    AdvanceClock
    | ForceOutcome
    | DecideRefund
    | ListRefunds
    | FailNext
    | SetEvents
    | SetSettleDelay
    | SetVoidWindow
    | DeliverPending
    | ListDeliveries
    | ListEvents
    | Replay
    | ForgeEvent
    | Reset,
    Field(discriminator="action"),
]
ACTIONS: TypeAdapter[Any] = TypeAdapter(Action)

NO_TRANSACTION = {
    "id": "10000001-1791226107-10001",
    "status": "APPROVED",
    "amount_in_cents": 15_000_000,
    "currency": "COP",
    "reference": "UNKNOWN-1",
    "customer_email": "nadie@example.com",
    "payment_method_type": "PSE",
    "payment_method": {"type": "PSE", "extra": {}},
}


class Control:
    def __init__(self, gateway: Gateway) -> None:
        self._store = gateway.store
        self._panel = gateway.panel
        self._clock = gateway.clock
        self._ledger = gateway.ledger
        self._courier = gateway.courier
        self._faults = gateway.faults
        self._keys = gateway.keys
        self._handlers: Handlers = {
            AdvanceClock: self._advance_clock,
            ForceOutcome: self._force_outcome,
            DecideRefund: self._decide_refund,
            ListRefunds: self._list_refunds,
            FailNext: self._fail_next,
            SetEvents: self._set_events,
            SetSettleDelay: self._set_settle_delay,
            SetVoidWindow: self._set_void_window,
            DeliverPending: self._deliver_pending,
            ListDeliveries: self._list_deliveries,
            ListEvents: self._list_events,
            Replay: self._replay,
            ForgeEvent: self._forge_event,
            Reset: self._reset,
        }

    def routes(self) -> list[Route]:
        return [
            Route("/control/wompi", self.act, methods=["POST"]),
            Route("/control/wompi/transactions", self.transactions),
        ]

    async def transactions(self, _: Request) -> Response:
        return JSONResponse({"transactions": self._ledger.newest()})

    async def act(self, request: Request) -> Response:
        return await act(request, ACTIONS, self._handlers)

    async def _advance_clock(self, action: AdvanceClock) -> dict[str, Any]:
        self._clock.advance(action.seconds)
        deliveries = await self._courier.finish_due()
        return {"now": self._clock.iso(), "deliveries": deliveries}

    async def _force_outcome(self, action: ForceOutcome) -> dict[str, Any]:
        transaction = self._existing(action.reference)
        if action.status not in FORCIBLE.get(transaction["status"], ()):
            raise Impossible(f"{action.reference} is {transaction['status']} and cannot become {action.status}")
        outcome = Outcome(action.status, action.status_message or MESSAGES.get(action.status))
        recorded = RecordedAmount(amount_in_cents=action.amount_in_cents, currency=action.currency)
        with self._store.transaction():
            event_id = self._ledger.settle(transaction["id"], outcome, recorded)
        self._courier.wake()
        return {"event_id": event_id, "transaction": self._ledger.find(transaction["id"])}

    async def _decide_refund(self, action: DecideRefund) -> dict[str, Any]:
        if not self._ledger.decide_refund(action.reference, action.status):
            raise Impossible(f"no refund of {action.reference!r} waits")
        return {"refunds": self._ledger.refunds()}

    async def _list_refunds(self, _: ListRefunds) -> dict[str, Any]:
        return {"refunds": self._ledger.refunds()}

    async def _fail_next(self, action: FailNext) -> dict[str, Any]:
        if action.call not in self._faults.calls:
            raise Impossible(f"unknown call {action.call!r}; there are: {', '.join(self._faults.calls)}")
        self._panel.controls.faults.append(Fault(**action.model_dump(exclude={"action"})))
        self._panel.save()
        return {"faults": [fault.model_dump(mode="json") for fault in self._panel.controls.faults]}

    async def _set_events(self, action: SetEvents) -> dict[str, Any]:
        named = action.model_dump(exclude_unset=True, exclude={"action"})
        self._panel.controls.events = self._panel.controls.events.model_copy(update=named)
        self._panel.save()
        self._courier.wake()
        return {"events": self._panel.controls.events.model_dump()}

    async def _set_settle_delay(self, action: SetSettleDelay) -> dict[str, Any]:
        self._panel.controls.settle_delay = SettleDelay(min=action.min, max=action.max)
        self._panel.save()
        return {"settle_delay": self._panel.controls.settle_delay.model_dump()}

    async def _set_void_window(self, action: SetVoidWindow) -> dict[str, Any]:
        self._panel.controls.void_window = action.seconds
        self._panel.save()
        return {"void_window": action.seconds}

    async def _deliver_pending(self, _: DeliverPending) -> dict[str, Any]:
        return {"deliveries": await self._courier.finish_held()}

    async def _list_deliveries(self, action: ListDeliveries) -> dict[str, Any]:
        if action.reference is None:
            return {"deliveries": self._courier.deliveries()}
        return {"deliveries": self._courier.deliveries("WHERE events.reference = ?", action.reference)}

    async def _list_events(self, action: ListEvents) -> dict[str, Any]:
        rows = self._store.rows(
            "SELECT * FROM events WHERE ?1 IS NULL OR reference = ?1 ORDER BY id DESC", action.reference
        )
        return {"events": [dict(row) | {"headers": json.loads(row["headers"])} for row in rows]}

    async def _replay(self, action: Replay) -> dict[str, Any]:
        self._event(action.event_id)
        deliveries = await self._courier.send_copies(action.event_id, "replay", action.times, action.concurrency)
        return {"deliveries": deliveries}

    async def _forge_event(self, action: ForgeEvent) -> dict[str, Any]:
        if action.event_id is not None:
            genuine = json.loads(self._event(action.event_id)["body"])
        else:
            transaction = self._existing(action.reference) if action.reference else dict(NO_TRANSACTION)
            genuine = self._ledger.event_about(transaction)
        try:
            forged = wompi_events.forge(genuine, action.changes, action.sign, self._keys.events)
            event_id = self._ledger.add_event("forged", forged)
        except (TypeError, AttributeError) as problem:
            raise Impossible(f"these changes leave no event: {problem}") from problem
        deliveries = await self._courier.send_copies(event_id, "forged", 1, 1) if action.send else []
        return {"event": self._event(event_id), "deliveries": deliveries}

    async def _reset(self, _: Reset) -> dict[str, Any]:
        self._courier.forget()
        self._faults.release()
        self._store.empty()
        self._panel.reset()
        return {"reset": True}

    def _existing(self, reference: str) -> dict[str, Any]:
        transaction = self._ledger.find_reference(reference)
        if transaction is None:
            raise Impossible(f"no transaction has the reference {reference!r}")
        return transaction

    def _event(self, event_id: int) -> dict[str, Any]:
        row = self._store.row("SELECT * FROM events WHERE id = ?", event_id)
        if row is None:
            raise Impossible(f"there is no event {event_id}")
        return dict(row) | {"headers": json.loads(row["headers"])}
