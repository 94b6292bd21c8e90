"""Every query about imports and exports."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_nothing
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.models import Category, Product
from mestore.core.ids import ImportId, VendorId
from mestore.core.paging import Slice, decode, row_number, slice_of
from mestore.spreadsheets.errors import ImportNotFound
from mestore.spreadsheets.faults import SheetFault
from mestore.spreadsheets.models import UNDER_WAY, ImportStatus, ProductImport, ProductImportRow, RowOutcome

_ROWS = cast("Table", ProductImportRow.__table__)


class ImportRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def under_way(self, vendor_id: VendorId) -> ImportId | None:
        """A shop's import that has not ended."""
        return await self._session.scalar(
            select(ProductImport.id).where(ProductImport.vendor_id == vendor_id, UNDER_WAY)
        )

    async def add(self, values: dict[str, Any]) -> ProductImport | None:
        """The new import; None when its shop has one under way, also when two begin at once."""
        added = await self._session.execute(
            insert_or_nothing(ProductImport)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[ProductImport.vendor_id], index_where=UNDER_WAY)
            .returning(ProductImport)
        )
        return added.scalar_one_or_none()

    async def of_vendor(self, vendor_id: VendorId, import_id: ImportId) -> ProductImport:
        """Somebody else's import is as absent as one that never existed."""
        wanted = select(ProductImport).where(ProductImport.id == import_id, ProductImport.vendor_id == vendor_id)
        found = await self._session.scalar(wanted)
        if found is None:
            raise ImportNotFound
        return found

    async def page(self, vendor_id: VendorId, limit: int, cursor: str | None, *, count: bool) -> Slice[ProductImport]:
        query = select(ProductImport).where(ProductImport.vendor_id == vendor_id)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(ProductImport.id < decode(cursor, UUID)[0])
        rows = (await self._session.scalars(query.order_by(ProductImport.id.desc()).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda row: (row.id,), total)

    async def rows(
        self, import_id: ImportId, outcome: RowOutcome | None, limit: int, cursor: str | None, *, count: bool
    ) -> Slice[ProductImportRow]:
        query = select(ProductImportRow).where(ProductImportRow.import_id == import_id)
        if outcome is not None:
            query = query.where(ProductImportRow.outcome == outcome)
        total = await self._session.scalar(select(func.count()).select_from(query.subquery())) if count else None
        if cursor is not None:
            query = query.where(ProductImportRow.row_number > decode(cursor, row_number)[0])
        rows = (await self._session.scalars(query.order_by(ProductImportRow.row_number).limit(limit + 1))).all()
        return slice_of(rows, limit, lambda row: (row.row_number,), total)

    async def outcomes(self, import_id: ImportId) -> dict[RowOutcome, int]:
        counted = select(ProductImportRow.outcome, func.count()).where(ProductImportRow.import_id == import_id)
        rows = await self._session.execute(counted.group_by(ProductImportRow.outcome))
        return {row[0]: row[1] for row in rows}

    async def locked(self, import_id: ImportId) -> ProductImport | None:
        """An import that has not ended, its row held until the transaction ends."""
        wanted = select(ProductImport).where(ProductImport.id == import_id, UNDER_WAY)
        return await self._session.scalar(wanted.with_for_update())

    async def last_row(self, import_id: ImportId) -> int:
        """The number of the last row that was looked at; 0 before the first."""
        wanted = select(func.max(ProductImportRow.row_number)).where(ProductImportRow.import_id == import_id)
        return await self._session.scalar(wanted) or 0

    async def add_rows(self, rows: Sequence[dict[str, Any]]) -> None:
        await self._session.execute(insert(_ROWS), rows)

    async def awaited(self, names: Collection[str]) -> set[str]:
        """Those of these files that an import waits for."""
        wanted = select(ProductImport.object_name).where(UNDER_WAY, ProductImport.object_name.in_(names))
        return set(await self._session.scalars(wanted))

    async def give_up(self, before: datetime) -> Sequence[ImportId]:
        """End imports that began before a moment and did not come to an end."""
        ended = await self._session.scalars(
            update(ProductImport)
            .where(UNDER_WAY, ProductImport.created_at < before)
            .values(status=ImportStatus.FAILED, problem=SheetFault.GIVEN_UP.value, ended_at=func.now())
            .returning(ProductImport.id)
        )
        return ended.all()


_COLUMNS = (
    *(Product.id, Product.created_at, Product.sku, Product.name, Product.description, Product.brand),
    *(Product.precio_venta, Product.precio_costo, Product.iva_class, Product.stock, Product.weight_kg, Product.tags),
    *(Product.attributes, Product.withdrawal_excluded_reason, Category.slug.label("category")),
)


async def exported_products(
    session: AsyncSession, vendor_id: VendorId, after: tuple[Any, Any] | None, limit: int
) -> Sequence[Any]:
    """A shop's products as a file has them, the oldest first, from behind the one of that moment and id."""
    query = (
        select(*_COLUMNS)
        .join(Category, Category.id == Product.category_id)
        .where(Product.vendedor_id == vendor_id, text("products.deleted_at IS NULL"))
        .order_by(Product.created_at, Product.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Product.created_at, Product.id) > after)
    return (await session.execute(query)).mappings().all()
