"""Imports as their shop begins and follows them."""

from mestore.catalog.errors import MayNotPublish
from mestore.core.database import Session, checkpoint
from mestore.core.failpoints import failpoint
from mestore.core.ids import ImportId
from mestore.core.jobs import publish
from mestore.core.paging import Slice
from mestore.core.wiring import CurrentSettings
from mestore.spreadsheets.errors import ImportUnderWay
from mestore.spreadsheets.events import ImportQueued
from mestore.spreadsheets.models import ImportStatus, ProductImport, ProductImportRow, RowOutcome
from mestore.spreadsheets.repository import ImportRepository
from mestore.spreadsheets.storage import SheetStorage
from mestore.spreadsheets.uploads import IncomingSheet, SentSheet
from mestore.users.models import User
from mestore.vendors.models import Vendor
from mestore.vendors.service import VendorService


class ImportService:
    def __init__(self, session: Session, settings: CurrentSettings) -> None:
        self._session = session
        self._imports = ImportRepository(session)
        self._vendors = VendorService(session)
        self._storage = SheetStorage(settings)

    async def accept(self, user: User, incoming: IncomingSheet, *, dry_run: bool) -> ProductImport:
        """Take a file in, to be imported by a job. The body is read only for who may import one.

        The file is stored first and its row written last, so that no import ever waits for a file that is missing.

        Raises:
            MayNotPublish: the shop is not approved or its e-mail not verified.
            ImportUnderWay: the shop's last import has not ended.
            Those of `IncomingSheet.received` and `SheetStorage.put`.
        """
        vendor = await self._vendors.of_user(user.id)
        if not self._vendors.may_publish(user, vendor):
            raise MayNotPublish
        await self._refuse_second(vendor)
        await checkpoint(self._session)  # a body may come slowly
        async with incoming.received() as sheet:
            name = await self._storage.put(sheet.file)
            failpoint("sheet_stored")
            try:
                return await self._queue(user, vendor, sheet, name, dry_run=dry_run)
            except Exception:
                await self._storage.discard(name)
                raise

    async def page(self, user: User, limit: int, cursor: str | None, *, count: bool) -> Slice[ProductImport]:
        vendor = await self._vendors.of_user(user.id)
        return await self._imports.page(vendor.id, limit, cursor, count=count)

    async def see(self, user: User, import_id: ImportId) -> tuple[ProductImport, dict[RowOutcome, int]]:
        """One of the caller's imports, and how many of its rows came to what.

        Raises:
            ImportNotFound: it is not the caller's.
        """
        vendor = await self._vendors.of_user(user.id)
        found = await self._imports.of_vendor(vendor.id, import_id)
        return found, await self._imports.outcomes(found.id)

    async def rows(
        self,
        user: User,
        import_id: ImportId,
        outcome: RowOutcome | None,
        limit: int,
        cursor: str | None,
        *,
        count: bool,
    ) -> Slice[ProductImportRow]:
        """The report of one of the caller's imports.

        Raises:
            ImportNotFound: it is not the caller's.
        """
        vendor = await self._vendors.of_user(user.id)
        found = await self._imports.of_vendor(vendor.id, import_id)
        return await self._imports.rows(found.id, outcome, limit, cursor, count=count)

    async def _queue(self, user: User, vendor: Vendor, sheet: SentSheet, name: str, *, dry_run: bool) -> ProductImport:
        wanted = {
            "vendor_id": vendor.id,
            "user_id": user.id,
            "format": sheet.format,
            "dry_run": dry_run,
            "status": ImportStatus.QUEUED,
            "object_name": name,
        }
        while (queued := await self._imports.add(wanted)) is None:
            await self._refuse_second(vendor)  # else that one has ended by now
        await publish(self._session, ImportQueued(queued.id))
        return queued

    async def _refuse_second(self, vendor: Vendor) -> None:
        if (other := await self._imports.under_way(vendor.id)) is not None:
            raise ImportUnderWay(str(other))
