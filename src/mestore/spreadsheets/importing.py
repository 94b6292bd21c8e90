"""The job that imports a file: batch by batch, each in a transaction of its own with the report of its rows.

What was committed is never looked at again: after a crash it goes on behind the last row of the report, and of two runs
of one job, which hold the import's row for a batch each, neither does what the other has done.
"""

import re
from collections.abc import Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.upserts import ProductUpserts, Upserted, UpsertOutcome
from mestore.core.database import transaction
from mestore.core.failpoints import failpoint
from mestore.core.ids import ImportId
from mestore.core.world import World
from mestore.spreadsheets.columns import fields_of
from mestore.spreadsheets.converters import Sheet, SheetRow, read_sheet
from mestore.spreadsheets.faults import FaultySheet, SheetFault
from mestore.spreadsheets.models import ImportStatus, ProductImport, RowOutcome
from mestore.spreadsheets.repository import ImportRepository
from mestore.spreadsheets.storage import SheetGone, SheetStorage
from mestore.users.errors import UserNotFound
from mestore.users.service import UserService
from mestore.vendors.errors import VendorNotFound
from mestore.vendors.service import VendorService

log = structlog.get_logger(__name__)
_REASON = "imported from a file"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_LONGEST_SKU = 200


class Importing:
    def __init__(self, world: World, import_id: ImportId) -> None:
        self._world = world
        self._settings = world.settings
        self._id = import_id
        self._storage = SheetStorage(world.settings)

    async def run(self) -> None:
        """Import the file to its end, or find that it can't be. Doing it again changes nothing."""
        begun = await self._begin()
        if begun is None:
            return
        after, work = begun
        try:
            sheet = await self._sheet(work)
        except FaultySheet as error:
            await self._end(error)
        else:
            try:
                await self._import(sheet, after)
            except FaultySheet as error:
                await self._end(error)
            finally:
                sheet.close()
        await self._storage.discard(work.object_name)

    async def _begin(self) -> tuple[int, ProductImport] | None:
        """Behind which row to go on; None when the import has ended."""
        async with transaction(self._world.sessions) as session:
            imports = ImportRepository(session)
            work = await imports.locked(self._id)
            if work is None:
                return None
            work.status = ImportStatus.RUNNING
            return await imports.last_row(self._id), work

    async def _sheet(self, work: ProductImport) -> Sheet:
        try:
            file = await self._storage.fetch(work.object_name)
        except SheetGone as error:
            raise FaultySheet(SheetFault.FILE_GONE) from error
        with file:
            return await read_sheet(file, work.format, self._settings.spreadsheets)

    async def _import(self, sheet: Sheet, after: int) -> None:
        while rows := await sheet.batch(self._settings.spreadsheets.batch_rows, after=after):
            if not await self._batch(sheet, rows):
                return
            failpoint("batch_imported")
        await self._end(None)

    async def _batch(self, sheet: Sheet, rows: Sequence[SheetRow]) -> bool:
        """Look at some rows and write what becomes of them; false when another run has ended the import."""
        async with transaction(self._world.sessions) as session:
            imports = ImportRepository(session)
            work = await imports.locked(self._id)
            if work is None:
                return False
            last = await imports.last_row(self._id)
            rows = [row for row in rows if row.number > last]
            if not rows:
                return True
            await self._refuse_unless_publishing(work, session)
            looked_at = [row for row in rows if row.same_as is None]
            fields = [fields_of(sheet.header, row.cells, decimal_comma=sheet.decimal_comma) for row in looked_at]
            found = await ProductUpserts(session, self._settings.catalog).upsert(
                work.vendor_id, work.user_id, fields, rehearse=work.dry_run, reason=_REASON
            )
            results = {row.number: result for row, result in zip(looked_at, found, strict=True)}
            await imports.add_rows([self._report(sheet, row, results.get(row.number)) for row in rows])
            work.rows_total = sheet.total
            work.rows_done += len(rows)
        return True

    async def _refuse_unless_publishing(self, work: ProductImport, session: AsyncSession) -> None:
        """A shop may be suspended, or closed, while its file is imported.

        Raises:
            FaultySheet: this one is.
        """
        vendors = VendorService(session)
        try:
            user = await UserService(session, self._settings, self._world.now).by_id(work.user_id)
            if vendors.may_publish(user, await vendors.of_user(user.id)):
                return
        except (UserNotFound, VendorNotFound):
            pass
        raise FaultySheet(SheetFault.MAY_NOT_PUBLISH)

    def _report(self, sheet: Sheet, row: SheetRow, result: Upserted | None) -> dict[str, object]:
        if result is None:
            message = f"Row {row.same_as} has the same SKU"
            result = Upserted(UpsertOutcome.REFUSED, [{"loc": ["sku"], "msg": message, "code": "sku_twice"}])
        place = sheet.header.index("sku")
        sku = row.cells[place].strip() if place < len(row.cells) else ""
        return {
            "import_id": self._id,
            "row_number": row.number,
            "sku": _CONTROL.sub(" ", sku)[:_LONGEST_SKU] or None,
            "outcome": RowOutcome(result.outcome.value),
            "problems": result.problems,
        }

    async def _end(self, faulty: FaultySheet | None) -> None:
        async with transaction(self._world.sessions) as session:
            work = await ImportRepository(session).locked(self._id)
            if work is None:
                return
            work.status, work.ended_at = ImportStatus.DONE, self._world.now()
            if faulty is not None:
                work.status, work.problem = ImportStatus.FAILED, faulty.fault.value
                if faulty.column is not None:
                    work.problem += f":{faulty.column}"
        log.info("import_ended", import_id=str(self._id), fault=faulty.fault.value if faulty else None)
