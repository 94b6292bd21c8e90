"""Complaints (PQR): filed by a person, read and spoken to by the shop that is named, answered by the marketplace.

A complaint's row is locked before anything is said in it, so what one side says and what the other decides go one
after another. Each answer has one letter; the answer stands in it.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from mestore.complaints.errors import ComplaintClosed, IllegalComplaintMove, TooManyMessages, VendorNotInOrder
from mestore.complaints.events import ComplaintAnswered, ComplaintFiled
from mestore.complaints.models import Complaint, ComplaintMessage
from mestore.complaints.repository import ComplaintFilter, ComplaintRepository, Reader
from mestore.complaints.schemas import ComplaintIn
from mestore.complaints.states import MOVES, ComplaintActor, ComplaintStatus
from mestore.core.clock import COLOMBIA
from mestore.core.database import Session
from mestore.core.ids import ComplaintId, OrderId, UserId, VendorId
from mestore.core.jobs import publish
from mestore.core.numbers import dated_number
from mestore.core.paging import Slice
from mestore.core.wiring import Clock, CurrentSettings
from mestore.core.working_days import end_of, working_day_after
from mestore.orders.service import OrderService
from mestore.users.models import User
from mestore.users.service import UserService
from mestore.vendors.service import VendorService

log = structlog.get_logger(__name__)
_EVERYBODY = Reader()


class ComplaintService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._now = now
        self._settings = settings.complaints
        self._complaints = ComplaintRepository(session)
        self._orders = OrderService(session, settings, now)
        self._users = UserService(session, settings, now)
        self._vendors = VendorService(session)

    async def file(self, person: User, sent: ComplaintIn) -> Complaint:
        """Take a complaint in: it gets its number and the day by which it is answered, and its person a letter.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            OrderNotFound: it names an order that is not the person's.
            VendorNotInOrder: it names a shop without an order in which that shop has a part.
        """
        await self._users.keep_open(person.id)
        vendor_id = await self._named_vendor(person.id, sent)
        now = self._now()
        complaint = Complaint(
            filing_number=dated_number("PQR", now),
            user_id=person.id,
            kind=sent.kind,
            status=ComplaintStatus.OPEN,
            subject=sent.subject,
            text=sent.text,
            order_id=sent.order_id,
            vendor_id=vendor_id,
            due_at=self._due_after(now),
        )
        await self._complaints.add(complaint)
        await publish(self._session, ComplaintFiled(complaint.id))
        return await self._complaints.get(Reader(user_id=person.id), complaint.id)

    async def page_of_person(
        self, person: User, wanted: ComplaintFilter, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Complaint]:
        """What somebody has filed, the newest first.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        return await self._complaints.page(Reader(user_id=person.id), wanted, limit, cursor, count=count)

    async def page_of_vendor(
        self, vendor: User, wanted: ComplaintFilter, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[Complaint]:
        """What names the caller's shop, the newest first.

        Raises:
            VendorNotFound: the caller has no shop.
            BadCursor: the cursor is not one of ours.
        """
        return await self._complaints.page(await self._shop_of(vendor), wanted, limit, cursor, count=count)

    async def page(
        self, wanted: ComplaintFilter, limit: int, cursor: str | None, *, overdue: bool, count: bool
    ) -> Slice[Complaint]:
        """Everybody's, the newest first; `overdue` are those whose answer is late now.

        Raises:
            BadCursor: the cursor is not one of ours.
        """
        if overdue:
            wanted = replace(wanted, overdue_at=self._now())
        return await self._complaints.page(_EVERYBODY, wanted, limit, cursor, count=count)

    async def of_person(self, person: User, complaint_id: ComplaintId) -> Complaint:
        """Somebody else's is as absent as one that never existed.

        Raises:
            ComplaintNotFound: the caller filed none such.
        """
        return await self._complaints.get(Reader(user_id=person.id), complaint_id)

    async def of_vendor(self, vendor: User, complaint_id: ComplaintId) -> Complaint:
        """Raises:
        VendorNotFound: the caller has no shop.
        ComplaintNotFound: none such names it.
        """
        return await self._complaints.get(await self._shop_of(vendor), complaint_id)

    async def get(self, complaint_id: ComplaintId) -> Complaint:
        """Raises:
        ComplaintNotFound: there is none such.
        """
        return await self._complaints.get(_EVERYBODY, complaint_id)

    async def write(self, person: User, complaint_id: ComplaintId, text: str) -> Complaint:
        """Have its person say more. What was answered is open again, and due as if it were filed now.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            ComplaintNotFound: the caller filed none such.
            ComplaintClosed: it is.
            TooManyMessages: enough was said.
        """
        await self._users.keep_open(person.id)
        reader = Reader(user_id=person.id)
        complaint = await self._locked_to_speak(reader, complaint_id)
        if complaint.status is ComplaintStatus.ANSWERED:
            await self._move(complaint, ComplaintStatus.OPEN, ComplaintActor.BUYER, due_at=self._due_after(self._now()))
        await self._say(complaint, ComplaintActor.BUYER, person.id, text)
        return await self._complaints.get(reader, complaint_id)

    async def write_as_vendor(self, vendor: User, complaint_id: ComplaintId, text: str) -> Complaint:
        """Have the shop that is named say something. The marketplace owes its own answer all the same.

        Raises:
            VendorNotFound: the caller has no shop.
            ComplaintNotFound: none such names it.
            ComplaintClosed: it is.
            TooManyMessages: enough was said.
        """
        await self._users.keep_open(vendor.id)
        reader = await self._shop_of(vendor)
        complaint = await self._locked_to_speak(reader, complaint_id)
        await self._say(complaint, ComplaintActor.VENDOR, vendor.id, text)
        return await self._complaints.get(reader, complaint_id)

    async def answer(self, admin: User, complaint_id: ComplaintId, text: str) -> Complaint:
        """Give the marketplace's answer, of which the person gets a letter.

        Raises:
            ComplaintNotFound: there is none such.
            IllegalComplaintMove: it was answered already, or is closed.
        """
        complaint = await self._complaints.lock(_EVERYBODY, complaint_id)
        await self._move(complaint, ComplaintStatus.ANSWERED, ComplaintActor.ADMIN)
        message = await self._say(complaint, ComplaintActor.ADMIN, admin.id, text)
        await publish(self._session, ComplaintAnswered(complaint_id, message.id))
        log.info("complaint_answered", complaint_id=str(complaint_id), by=str(admin.id))
        return await self._complaints.get(_EVERYBODY, complaint_id)

    async def close(self, person: User, complaint_id: ComplaintId) -> Complaint:
        """Have its person end it: content with the answer, or no longer in need of one. Closed again, nothing changes.

        Raises:
            ComplaintNotFound: the caller filed none such.
        """
        return await self._close(Reader(user_id=person.id), complaint_id, ComplaintActor.BUYER)

    async def close_as_admin(self, admin: User, complaint_id: ComplaintId) -> Complaint:
        """End what was answered. Closed again, nothing changes.

        Raises:
            ComplaintNotFound: there is none such.
            IllegalComplaintMove: its answer is still owed.
        """
        closed = await self._close(_EVERYBODY, complaint_id, ComplaintActor.ADMIN)
        log.info("complaint_closed", complaint_id=str(complaint_id), by=str(admin.id))
        return closed

    async def _named_vendor(self, user_id: UserId, sent: ComplaintIn) -> VendorId | None:
        if sent.order_id is None:
            if sent.vendor_id is not None:
                raise VendorNotInOrder
            return None
        order = await self._orders.of_buyer(user_id, OrderId(sent.order_id))
        if sent.vendor_id is None:
            return None
        if sent.vendor_id not in {package.vendor_id for package in order.packages}:
            raise VendorNotInOrder
        return VendorId(sent.vendor_id)

    async def _shop_of(self, vendor: User) -> Reader:
        shop = await self._vendors.of_user(vendor.id)
        return Reader(vendor_id=shop.id)

    async def _locked_to_speak(self, reader: Reader, complaint_id: ComplaintId) -> Complaint:
        complaint = await self._complaints.lock(reader, complaint_id)
        if complaint.status is ComplaintStatus.CLOSED:
            raise ComplaintClosed
        if await self._complaints.count_messages(complaint_id) >= self._settings.most_messages:
            raise TooManyMessages(self._settings.most_messages)
        return complaint

    async def _close(self, reader: Reader, complaint_id: ComplaintId, actor: ComplaintActor) -> Complaint:
        complaint = await self._complaints.lock(reader, complaint_id)
        if complaint.status is not ComplaintStatus.CLOSED:
            await self._move(complaint, ComplaintStatus.CLOSED, actor)
        return await self._complaints.get(reader, complaint_id)

    async def _move(
        self, complaint: Complaint, to: ComplaintStatus, actor: ComplaintActor, *, due_at: datetime | None = None
    ) -> None:
        """The only place that moves a complaint; its row is locked."""
        if to not in MOVES[actor][complaint.status]:
            raise IllegalComplaintMove(complaint.status, to)
        values = {"status": to} | ({"due_at": due_at} if due_at else {})
        await self._complaints.change(complaint.id, **values)

    async def _say(self, complaint: Complaint, actor: ComplaintActor, user_id: UserId, text: str) -> ComplaintMessage:
        message = ComplaintMessage(complaint_id=complaint.id, actor=actor, user_id=user_id, text=text)
        await self._complaints.say(message)
        await self._complaints.change(complaint.id)
        return message

    def _due_after(self, moment: datetime) -> datetime:
        day = moment.astimezone(COLOMBIA).date()
        return end_of(working_day_after(day, self._settings.answer_days))
