"""Slips of attempts that wait at a counter, for who will pay and for the marketplace's staff."""

from enum import StrEnum

from mestore.core.database import Session, checkpoint
from mestore.core.ids import PaymentId
from mestore.core.wiring import CurrentSettings
from mestore.orders.states import OrderStatus
from mestore.payments.barcode import SlipBarcode
from mestore.payments.slips import instructions
from mestore.payments.states import PaymentStatus
from mestore.receipts.errors import NoSlip, SlipExpired, SlipNotPending
from mestore.receipts.printer import printer
from mestore.receipts.service import Printed
from mestore.receipts.slip import Slip
from mestore.receipts.slip_document import build_slip
from mestore.receipts.slip_page import page
from mestore.receipts.slip_repository import SlipRepository
from mestore.users.current import STAFF
from mestore.users.models import User


class SlipFormat(StrEnum):
    PDF = "pdf"
    HTML = "html"


class SlipService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._session = session
        self._settings = settings
        self._slips = SlipRepository(session)

    async def printed(self, user: User, payment_id: PaymentId, kind: SlipFormat) -> Printed:
        """The slip of the caller's attempt, or, for staff, of anybody's; no connection waits while it is made.

        Raises:
            PaymentNotFound: there is no such attempt, or it is somebody else's.
            NoSlip: it has no code, or none yet.
            SlipNotPending: it was paid, declined or given up, or its order was: its gateway may not know yet.
            SlipExpired: its code is taken no longer, though its gateway has not said so yet.
            PrinterBusy: too much is being made.
        """
        slip = await self._slip(user, payment_id)
        if kind is SlipFormat.HTML:
            return Printed(slip.order_number, page(slip))
        await checkpoint(self._session)
        return Printed(slip.order_number, await printer.print(build_slip, slip))

    async def _slip(self, user: User, payment_id: PaymentId) -> Slip:
        buyer_id = None if user.user_type in STAFF else user.id
        found = await self._slips.payment(payment_id, buyer_id)
        payment = found.payment
        told = instructions(payment, self._settings)
        if told is None:
            raise NoSlip
        if payment.status is not PaymentStatus.PENDING or found.order_status is not OrderStatus.PENDING:
            raise SlipNotPending(payment.status)
        if found.is_over:
            raise SlipExpired(told.expires_at)
        return Slip(
            order_number=found.order_number,
            begun_at=payment.created_at,
            code=told.code,
            amount=told.amount,
            expires_at=told.expires_at,
            steps=told.steps,
            barcode=SlipBarcode.read(told.barcode) if told.barcode else None,
        )
