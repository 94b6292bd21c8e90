"""What Payválida has not: the levers by which a test makes it late, wrong, absent or twice as eager."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox.acting import Handlers, Impossible, act
from mestore.sandbox.clock import Clock
from mestore.sandbox.controls import ControlPanel, Fault, Strict
from mestore.sandbox.faults import Faults
from mestore.sandbox.payvalida_counter import pay
from mestore.sandbox.payvalida_courier import PayvalidaCourier
from mestore.sandbox.payvalida_ledger import FORGERS_SECRET, PayvalidaLedger
from mestore.sandbox.payvalida_options import NotificationOptions, Options
from mestore.sandbox.store import Store

FORCIBLE = {"PENDIENTE": ("APROBADA", "VENCIDA", "CANCELADA"), "APROBADA": ("ANULADA",)}


class AdvanceClock(Strict):
    """Moves the virtual clock, which all gateways share, and answers the notifications that became due."""

    action: Literal["advance_clock"]
    seconds: float = Field(gt=0, le=366 * 86_400)


class Pay(Strict):
    """At a counter. `offline` takes any amount for any code, as often as it is said."""

    action: Literal["pay"]
    code: str
    amount: int = Field(gt=0)
    offline: bool = False


class ForceState(Strict):
    action: Literal["force_state"]
    order: str
    state: Literal["APROBADA", "VENCIDA", "CANCELADA", "ANULADA"]
    amount: int | None = Field(None, gt=0)
    """What the order itself shall say instead."""


class FailNext(Fault):
    action: Literal["fail_next"]


class SetNotifications(NotificationOptions):
    """Changes the options named, leaves the others."""

    action: Literal["notifications"]


class DeliverPending(Strict):
    action: Literal["deliver_pending"]


class ListDeliveries(Strict):
    action: Literal["list_deliveries"]
    order: str | None = None


class ListNotifications(Strict):
    action: Literal["list_notifications"]
    order: str | None = None


class Replay(Strict):
    action: Literal["replay"]
    notification_id: int
    times: int = Field(1, ge=1, le=1_000)


class ForgeNotification(Strict):
    """About an order as it stands, with changes; signed right (`true`), with a guessed secret (`false`), or bearing the

    checksum that it had before the changes (`"keep"`).
    """

    action: Literal["forge_notification"]
    order: str
    changes: dict[str, Any] = Field(default_factory=dict)
    sign: bool | Literal["keep"] = True
    send: bool = True


class Reset(Strict):
    """Forgets everything, of the other gateways too."""

    action: Literal["reset"]


Action = Annotated[
    AdvanceClock
    | Pay
    | ForceState
    | FailNext
    | SetNotifications
    | DeliverPending
    | ListDeliveries
    | ListNotifications
    | Replay
    | ForgeNotification
    | Reset,
    Field(discriminator="action"),
]
ACTIONS: TypeAdapter[Any] = TypeAdapter(Action)


class PayvalidaControl:
    def __init__(
        self,
        store: Store,
        panel: ControlPanel,
        clock: Clock,
        faults: Faults,
        ledger: PayvalidaLedger,
        courier: PayvalidaCourier,
        options: Options,
    ) -> None:
        self._store = store
        self._panel = panel
        self._clock = clock
        self._faults = faults
        self._ledger = ledger
        self._courier = courier
        self._options = options
        self._handlers: Handlers = {
            AdvanceClock: self._advance_clock,
            Pay: self._pay,
            ForceState: self._force_state,
            FailNext: self._fail_next,
            SetNotifications: self._set_notifications,
            DeliverPending: self._deliver_pending,
            ListDeliveries: self._list_deliveries,
            ListNotifications: self._list_notifications,
            Replay: self._replay,
            ForgeNotification: self._forge_notification,
            Reset: self._reset,
        }

    def routes(self) -> list[Route]:
        return [
            Route("/control/payvalida", self.act, methods=["POST"]),
            Route("/control/payvalida/orders", self.orders),
        ]

    async def orders(self, _: Request) -> Response:
        return JSONResponse(
            {"orders": [dict(row) | {"body": json.loads(row["body"])} for row in self._ledger.newest()]}
        )

    async def act(self, request: Request) -> Response:
        return await act(request, ACTIONS, self._handlers)

    async def _advance_clock(self, action: AdvanceClock) -> dict[str, Any]:
        self._clock.advance(action.seconds)
        deliveries = await self._courier.finish_due()
        self._courier.wake()
        return {"now": self._clock.iso(), "deliveries": deliveries}

    async def _pay(self, action: Pay) -> dict[str, Any]:
        operation = pay(self._ledger, action.code, action.amount, offline=action.offline)
        self._courier.wake()
        return {"operation": operation}

    async def _force_state(self, action: ForceState) -> dict[str, Any]:
        order = self._ledger.order(action.order)
        if action.state not in FORCIBLE.get(order["state"], ()):
            raise Impossible(f"{action.order} is {order['state']} and cannot become {action.state}")
        with self._store.transaction():
            if action.amount is not None:
                self._store.execute("UPDATE payvalida_orders SET amount = ? WHERE id = ?", action.amount, action.order)
            order = self._ledger.move(action.order, action.state)
        self._courier.wake()
        return {"order": dict(order)}

    async def _fail_next(self, action: FailNext) -> dict[str, Any]:
        if action.call not in self._faults.calls:
            raise Impossible(f"unknown call {action.call!r}; there are: {', '.join(self._faults.calls)}")
        self._panel.controls.faults.append(Fault(**action.model_dump(exclude={"action"})))
        self._panel.save()
        return {"faults": [fault.model_dump(mode="json") for fault in self._panel.controls.faults]}

    async def _set_notifications(self, action: SetNotifications) -> dict[str, Any]:
        named = action.model_dump(exclude_unset=True, exclude={"action"})
        self._options.write(self._options.read().model_copy(update=named))
        self._courier.wake()
        return {"notifications": self._options.read().model_dump()}

    async def _deliver_pending(self, _: DeliverPending) -> dict[str, Any]:
        return {"deliveries": await self._courier.finish_due(held=True)}

    async def _list_deliveries(self, action: ListDeliveries) -> dict[str, Any]:
        return {"deliveries": self._courier.deliveries(action.order)}

    async def _list_notifications(self, action: ListNotifications) -> dict[str, Any]:
        rows = self._store.rows(
            "SELECT * FROM payvalida_notifications WHERE ?1 IS NULL OR po_id = ?1 ORDER BY id DESC", action.order
        )
        return {"notifications": [dict(row) for row in rows]}

    async def _replay(self, action: Replay) -> dict[str, Any]:
        if self._store.row("SELECT 1 FROM payvalida_notifications WHERE id = ?", action.notification_id) is None:
            raise Impossible(f"there is no notification {action.notification_id}")
        return {"deliveries": await self._courier.send_copies(action.notification_id, action.times)}

    async def _forge_notification(self, action: ForgeNotification) -> dict[str, Any]:
        order = self._ledger.order(action.order)
        if action.sign == "keep":
            body = self._ledger.notification_of(order) | action.changes
        else:
            body = self._ledger.notification_of(order, action.changes, "" if action.sign else FORGERS_SECRET)
        notification_id = self._ledger.add_notification("forged", body, copies=0)
        deliveries = await self._courier.send_copies(notification_id, 1) if action.send else []
        return {
            "notification": {"id": notification_id, "body": json.dumps(body, ensure_ascii=False)},
            "deliveries": deliveries,
        }

    async def _reset(self, _: Reset) -> dict[str, Any]:
        self._faults.release()
        self._store.empty()
        self._panel.reset()
        return {"reset": True}
