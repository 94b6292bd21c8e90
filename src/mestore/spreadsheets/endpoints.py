"""Where vendors bring their products in by a file, and fetch them as one."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse

from mestore.catalog.errors import MayNotPublish
from mestore.core.boundary import Cursor, Limit, StrictRoute, Uuid
from mestore.core.documentation import refusals
from mestore.core.errors import BodyTooLarge
from mestore.core.forms import FormExpected, FormUnreadable
from mestore.core.ids import ImportId
from mestore.core.paging import BadCursor, Page
from mestore.core.problems import language_of
from mestore.spreadsheets.errors import (
    ImportNotFound,
    ImportUnderWay,
    SheetStorageAway,
    SheetTooLarge,
    SheetUnreadable,
)
from mestore.spreadsheets.exporting import ExportDep
from mestore.spreadsheets.faults import SheetFault, title_of
from mestore.spreadsheets.models import ProductImport, RowOutcome
from mestore.spreadsheets.schemas import (
    ExportFormat,
    ImportDetail,
    ImportOut,
    ImportRowOut,
    OutcomeCounts,
    SheetProblem,
)
from mestore.spreadsheets.service import ImportService
from mestore.spreadsheets.uploads import FORM, Incoming
from mestore.users.current import CurrentVendor
from mestore.users.errors import NotSignedIn, WrongAccountType
from mestore.vendors.errors import VendorNotFound

router = APIRouter(prefix="/products", tags=["products"], route_class=StrictRoute)

Imports = Annotated[ImportService, Depends()]
Id = Annotated[Uuid, Path()]
PageLimit = Annotated[Limit, Query(description="How many at most")]
PageCursor = Annotated[Cursor | None, Query(description="`next_cursor` of the page before")]
WithTotal = Annotated[bool, Query(description="Count all, which costs time")]
_VENDORS = (NotSignedIn, WrongAccountType, VendorNotFound)
_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FILE: Mapping[str, Any] = {"schema": {"type": "string", "format": "binary"}, "example": "sku,name,…"}
_EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind.partition(";")[0]: dict(_FILE) for kind in _TYPES.values()}}
}


@router.post(
    "/import",
    summary="Import products from a file",
    status_code=202,
    openapi_extra=FORM,
    responses=refusals(
        *(*_VENDORS, MayNotPublish, ImportUnderWay, FormExpected, FormUnreadable, SheetUnreadable),
        *(SheetTooLarge, BodyTooLarge, SheetStorageAway),
    ),
)
async def import_products(
    request: Request,
    vendor: CurrentVendor,
    imports: Imports,
    incoming: Incoming,
    dry_run: Annotated[bool, Query(description="Only look: the report says what would become of each row")] = False,
) -> ImportOut:
    """CSV in UTF-8 (commas, semicolons or tabs) or XLSX, at most 20 MiB and 50,000 rows; a shop imports one at a time.

    The header names any of `sku`, `name`, `description`, `category` (its slug), `brand`, `precio_venta`,
    `precio_costo`, `iva_class`, `stock`, `weight_kg`, `tags` (`a|b`), `attributes` (a JSON object) and
    `withdrawal_excluded_reason`. A row whose `sku` the shop has changes that product, any other adds one. A column that
    is missing leaves its field as it is; an empty cell empties a field that may be empty, and leaves any other. What
    `GET /products/export` gives fits. A job imports it: `GET /products/imports/{id}` says how far it is.
    """
    return _shown(request, await imports.accept(vendor, incoming, dry_run=dry_run))


@router.get("/imports", summary="List my imports", responses=refusals(*_VENDORS, BadCursor))
async def list_imports(
    request: Request,
    vendor: CurrentVendor,
    imports: Imports,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Page[ImportOut]:
    """The newest first."""
    found = await imports.page(vendor, limit, cursor, count=total)
    items = [_shown(request, each) for each in found.items]
    return Page(items=items, next_cursor=found.next_cursor, total=found.total)


@router.get("/imports/{import_id}", summary="See how far an import is", responses=refusals(*_VENDORS, ImportNotFound))
async def see_import(request: Request, import_id: Id, vendor: CurrentVendor, imports: Imports) -> ImportDetail:
    found, counts = await imports.see(vendor, ImportId(import_id))
    outcomes = OutcomeCounts(**{outcome.value.lower(): counts.get(outcome, 0) for outcome in RowOutcome})
    return ImportDetail(**dict(_shown(request, found)), outcomes=outcomes)


@router.get(
    "/imports/{import_id}/rows",
    summary="See what became of each row of an import",
    responses=refusals(*_VENDORS, ImportNotFound, BadCursor),
)
async def list_import_rows(
    import_id: Id,
    vendor: CurrentVendor,
    imports: Imports,
    outcome: Annotated[RowOutcome | None, Query(description="Only rows of this outcome")] = None,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
    total: WithTotal = False,
) -> Page[ImportRowOut]:
    """In the order of the file."""
    found = await imports.rows(vendor, ImportId(import_id), outcome, limit, cursor, count=total)
    items = [ImportRowOut.model_validate(each) for each in found.items]
    return Page(items=items, next_cursor=found.next_cursor, total=found.total)


@router.get(
    "/export",
    summary="Export my products as a file",
    response_class=StreamingResponse,
    responses=_EXPORTED | refusals(*_VENDORS),
)
async def export_products(
    vendor: CurrentVendor,
    exports: ExportDep,
    kind: Annotated[ExportFormat, Query(alias="format")] = ExportFormat.CSV,
) -> StreamingResponse:
    """All that are not deleted, whatever their status, as `POST /products/import` takes them.

    A cell that a spreadsheet would run as a formula has an apostrophe before it; the import takes it away again.
    """
    pieces = await (exports.csv(vendor) if kind is ExportFormat.CSV else exports.xlsx(vendor))
    headers = {"Content-Disposition": f'attachment; filename="products.{kind.value}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, headers=headers, media_type=_TYPES[kind])


def _shown(request: Request, row: ProductImport) -> ImportOut:
    """`problem` is kept as the fault's word and, where one column is at fault, its number."""
    problem = None
    if row.problem is not None:
        code, _, column = row.problem.partition(":")
        fault = SheetFault(code)
        title = title_of(fault, language_of(request))
        problem = SheetProblem(code=fault, title=title, column=int(column) if column else None)
    plain = {name: getattr(row, name) for name in ImportOut.model_fields if name != "problem"}
    return ImportOut(**plain, problem=problem)
