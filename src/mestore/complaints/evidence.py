"""Evidence: pictures that a complaint's person adds, which nobody sees but who may read the complaint.

Their files lie in the private store. They are read through this service only, and go with their rows: at once where
somebody is erased, else by the janitor.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

import structlog

from mestore.complaints.errors import ComplaintClosed, TooMuchEvidence
from mestore.complaints.models import ComplaintEvidence
from mestore.complaints.repository import ComplaintRepository, EvidenceRepository, Reader
from mestore.complaints.states import ComplaintStatus
from mestore.core.database import Session, Sessions, checkpoint, transaction
from mestore.core.failpoints import failpoint
from mestore.core.ids import ComplaintId, EvidenceId, UserId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.core.world import World
from mestore.media.service import Kept, PrivateMediaService
from mestore.media.uploads import IncomingPicture
from mestore.users.models import User
from mestore.users.service import UserService
from mestore.vendors.service import VendorService

log = structlog.get_logger(__name__)


class EvidenceService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._session = session
        self._complaints = ComplaintRepository(session)
        self._evidence = EvidenceRepository(session)
        self._users = UserService(session, settings, now)
        self._vendors = VendorService(session)
        self._media = PrivateMediaService(settings)
        self._most = settings.complaints.most_evidence

    async def add(self, person: User, complaint_id: ComplaintId, incoming: IncomingPicture) -> ComplaintEvidence:
        """Take a picture in. The body is read only for who may add one.

        Raises:
            NotSignedIn: the account was closed meanwhile.
            ComplaintNotFound: the caller filed none such.
            ComplaintClosed: it is.
            TooMuchEvidence: it has `complaints.most_evidence` already.
            Those of `IncomingPicture.read` and `PrivateMediaService.keep`.
        """
        await self._count_with_room(person.id, complaint_id)
        await checkpoint(self._session)  # a body may come slowly, and a picture is seconds of work
        sent = await incoming.read()
        kept = await self._media.keep(sent.content)
        failpoint("picture_stored")
        try:
            return await self._add(person.id, complaint_id, kept, sent.alt)
        except Exception:
            await self._media.discard(kept.folder)
            raise

    async def of_person(self, person: User, complaint_id: ComplaintId, evidence_id: EvidenceId) -> bytes:
        """A picture of a complaint that the caller filed, as WebP.

        Raises:
            EvidenceNotFound: there is none such.
            StorageAway: the store does not answer.
        """
        return await self._file(Reader(user_id=person.id), complaint_id, evidence_id)

    async def of_vendor(self, vendor: User, complaint_id: ComplaintId, evidence_id: EvidenceId) -> bytes:
        """The same, of a complaint that names the caller's shop.

        Raises:
            VendorNotFound: the caller has none.
        """
        shop = await self._vendors.of_user(vendor.id)
        return await self._file(Reader(vendor_id=shop.id), complaint_id, evidence_id)

    async def file(self, complaint_id: ComplaintId, evidence_id: EvidenceId) -> bytes:
        """The same, of any complaint."""
        return await self._file(Reader(), complaint_id, evidence_id)

    async def folders_of(self, user_id: UserId) -> Sequence[str]:
        """Where the pictures lie that somebody added, to be handed to `discard` when their rows are gone for good."""
        return await self._evidence.folders_of(user_id)

    async def discard(self, folders: Collection[str]) -> None:
        """Remove these files if that is possible now; whatever stays is the janitor's."""
        await self._media.discard(*folders)

    async def _file(self, reader: Reader, complaint_id: ComplaintId, evidence_id: EvidenceId) -> bytes:
        evidence = await self._evidence.get(reader, complaint_id, evidence_id)
        await checkpoint(self._session)
        return await self._media.file(evidence.folder)

    async def _add(self, user_id: UserId, complaint_id: ComplaintId, kept: Kept, alt: str) -> ComplaintEvidence:
        count = await self._count_with_room(user_id, complaint_id)
        evidence = ComplaintEvidence(
            complaint_id=complaint_id,
            position=count + 1,
            alt=alt,
            width=kept.width,
            height=kept.height,
            folder=kept.folder,
        )
        await self._evidence.add(evidence)
        await self._complaints.change(complaint_id)
        return evidence

    async def _count_with_room(self, user_id: UserId, complaint_id: ComplaintId) -> int:
        """How many pictures it has, which is less than it may have; it stays so until the transaction ends."""
        await self._users.keep_open(user_id)
        complaint = await self._complaints.lock(Reader(user_id=user_id), complaint_id)
        if complaint.status is ComplaintStatus.CLOSED:
            raise ComplaintClosed
        count = await self._evidence.count(complaint_id)
        if count >= self._most:
            raise TooMuchEvidence(self._most)
        return count


async def remove_unused_files(world: World) -> None:
    """The janitor: files that no evidence names, older than `media.orphan_hours`."""
    before = world.now() - timedelta(hours=world.settings.media.orphan_hours)
    removed = await PrivateMediaService(world.settings).remove_unused(before, partial(_known_folders, world.sessions))
    if removed:
        log.info("unused_evidence_removed", files=removed)


async def _known_folders(sessions: Sessions, folders: Collection[str]) -> Collection[str]:
    async with transaction(sessions) as session:
        return await EvidenceRepository(session).known_folders(folders)
