"""What becomes of a return: its shop or an administrator approves, refuses and receives it; then money goes back."""

from dataclasses import dataclass

from sqlalchemy import func

from mestore.catalog.stock import StockService
from mestore.core.database import Session
from mestore.core.ids import OrderItemId, ReturnId
from mestore.core.jobs import publish
from mestore.orders.events import RefundDue, RefundMade
from mestore.orders.models import Order
from mestore.orders.returned_amounts import Line, owed_for
from mestore.orders.returned_units import ReturnedUnits
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor
from mestore.returns.errors import DamageNotDescribed, IllegalReturnMove, TooManyUnitsToReturn
from mestore.returns.models import Return
from mestore.returns.moves import ReturnMoves
from mestore.returns.repository import Reader, ReturnRepository
from mestore.returns.states import APPROVABLE, RECEIVABLE, REFUSABLE, ReturnCondition, ReturnStatus
from mestore.users.models import User
from mestore.vendors.service import VendorService


@dataclass(frozen=True)
class Handler:
    """Who handles returns: an administrator all, a vendor those of its own shop."""

    user: User
    actor: Actor


class ReturnHandling:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._states = OrderStateService(session)
        self._stock = StockService(session)
        self._vendors = VendorService(session)
        self._units = ReturnedUnits(session)
        self._returns = ReturnRepository(session)
        self._moves = ReturnMoves(session)

    async def approve(self, who: Handler, return_id: ReturnId) -> Return:
        """The goods may come. Approved again, nothing changes. An administrator also overrules a refusal, if the units
        were not asked for anew.

        Raises:
            VendorNotFound, ReturnNotFound
            IllegalReturnMove: it was refused, or has gone on.
            TooManyUnitsToReturn: another return has them since.
        """
        found = await self._locked(who, return_id)
        if found.status is ReturnStatus.APPROVED:
            return found
        if found.status not in APPROVABLE[who.actor]:
            raise IllegalReturnMove(found.status, ReturnStatus.APPROVED)
        if found.status is ReturnStatus.REFUSED:
            short = await self._units.ask(_units(found))
            if short is not None:
                raise TooManyUnitsToReturn(short)
        by = By(who.actor, who.user.id, "approved" if found.status is ReturnStatus.REQUESTED else "overruled")
        again = {"refusal_reason": None, "condition": None, "received_at": None}
        await self._moves.move(found, ReturnStatus.APPROVED, by, **again)
        return await self._returns.get(Reader(), return_id)

    async def refuse(self, who: Handler, return_id: ReturnId, reason: str) -> Return:
        """The goods stay with their buyer, whose units may be asked for again. Refused again, nothing changes.

        Raises:
            VendorNotFound, ReturnNotFound
            IllegalReturnMove: it was approved already.
        """
        found = await self._locked(who, return_id)
        if found.status is ReturnStatus.REFUSED:
            return found
        if found.status not in REFUSABLE:
            raise IllegalReturnMove(found.status, ReturnStatus.REFUSED)
        await self._units.let_go(_units(found))
        by = By(who.actor, who.user.id, reason)
        await self._moves.move(found, ReturnStatus.REFUSED, by, refusal_reason=reason)
        return await self._returns.get(Reader(), return_id)

    async def receive(
        self, who: Handler, return_id: ReturnId, condition: ReturnCondition, reason: str | None
    ) -> Return:
        """The goods are back. GOOD: they are in stock again, and their money is owed. DAMAGED: the return is refused,
        with what is wrong. Received again in the same condition, nothing changes.

        Raises:
            VendorNotFound, ReturnNotFound
            DamageNotDescribed: damaged goods without a word about it.
            IllegalReturnMove: it is not approved, or was received.
        """
        if condition is ReturnCondition.DAMAGED and reason is None:
            raise DamageNotDescribed
        found = await self._locked(who, return_id)
        if found.condition is condition:
            return found
        good = condition is ReturnCondition.GOOD
        if found.status not in RECEIVABLE:
            raise IllegalReturnMove(found.status, ReturnStatus.RECEIVED if good else ReturnStatus.REFUSED)
        if good:
            await self._take_back(found, By(who.actor, who.user.id, reason or "received"))
        else:
            await self._units.let_go(_units(found))
            by = By(who.actor, who.user.id, reason or "")
            told = {"refusal_reason": by.reason, "condition": condition, "received_at": func.now()}
            await self._moves.move(found, ReturnStatus.REFUSED, by, **told)
        return await self._returns.get(Reader(), return_id)

    async def refunded(self, made: RefundMade) -> None:
        """Its money went back. Known before, nothing changes; what was paid back for something else is no return's."""
        kind, _, number = made.cause.partition(":")
        if kind != "return":
            return
        await self._states.locked(made.order_id)
        found = await self._returns.get(Reader(order_id=made.order_id), ReturnId(int(number)))
        if found.status is not ReturnStatus.REFUNDED:
            await self._moves.move(found, ReturnStatus.REFUNDED, By(Actor.SYSTEM, None, "the money went back"))

    async def _take_back(self, found: Return, by: By) -> None:
        order = await self._states.locked(found.order_id)
        units = _units(found)
        items = await self._units.items_of(found.package_id)
        package = next(each for each in await self._states.packages(order) if each.id == found.package_id)
        owed = owed_for(
            [Line(item.id, item.quantity, item.paid, item.refunded_units) for item in items],
            units,
            package.shipping_cost,
        )
        await self._units.owe(units)
        received = {"condition": ReturnCondition.GOOD, "refund_amount": owed.amount, "received_at": func.now()}
        await self._moves.move(found, ReturnStatus.RECEIVED, by, **received)
        back = {item.product_id: units[item.id] for item in items if item.id in units}
        await self._stock.give_back(order.id, back, f"return {found.id}")
        if owed.whole_package:
            await self._states.take_back(order, package, By(by.actor, by.user_id, f"return {found.id}"))
        await self._owe(order, found.id)

    async def _owe(self, order: Order, return_id: ReturnId) -> None:
        found = await self._returns.get(Reader(), return_id)
        assert found.refund_amount is not None
        if not found.refund_amount:
            nothing = By(Actor.SYSTEM, None, "nothing was paid for it")
            await self._moves.move(found, ReturnStatus.REFUNDED, nothing)
            return
        cause, amount = f"return:{found.id}", str(found.refund_amount)
        await publish(self._session, RefundDue(order.id, found.package_id, cause, amount, found.refund_due_at))

    async def _locked(self, who: Handler, return_id: ReturnId) -> Return:
        """As it is once its order's row is held."""
        reader = Reader()
        if who.actor is Actor.VENDOR:
            reader = Reader(vendor_id=(await self._vendors.of_user(who.user.id)).id)
        found = await self._returns.get(reader, return_id)
        await self._states.locked(found.order_id)
        return await self._returns.get(reader, return_id)


def _units(found: Return) -> dict[OrderItemId, int]:
    return {item.order_item_id: item.quantity for item in found.items}
