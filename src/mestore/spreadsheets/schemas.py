"""What a vendor sees of its imports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from mestore.core.boundary import Output
from mestore.spreadsheets.faults import SheetFault
from mestore.spreadsheets.models import ImportStatus, RowOutcome, SheetFormat


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class SheetProblem(Output):
    """Why the file as a whole could not be imported, or not to its end."""

    code: SheetFault
    title: Annotated[str, Field(examples=["The header has a column that products don't have."])]
    column: Annotated[int | None, Field(examples=[3])]
    """Which one, from 1."""


class ImportOut(Output):
    id: UUID
    format: SheetFormat
    dry_run: bool
    status: ImportStatus
    rows_total: Annotated[int, Field(examples=[20_000])] | None
    """Null until the file has been taken apart."""
    rows_done: Annotated[int, Field(examples=[4_200])]
    problem: SheetProblem | None
    created_at: datetime
    ended_at: datetime | None


class OutcomeCounts(Output):
    created: Annotated[int, Field(examples=[3_900])]
    updated: Annotated[int, Field(examples=[250])]
    unchanged: Annotated[int, Field(examples=[40])]
    refused: Annotated[int, Field(examples=[10])]


class ImportDetail(ImportOut):
    outcomes: OutcomeCounts
    """Of the rows looked at so far; of a dry run, what would have become of them."""


class RowProblem(Output):
    loc: Annotated[list[str], Field(examples=[["precio_venta"]])]
    """The column, and where in it."""
    msg: Annotated[str, Field(examples=["A price lies between 100 and 100,000,000 COP"])]
    code: Annotated[str, Field(examples=["price_range"])]


class ImportRowOut(Output):
    row_number: Annotated[int, Field(examples=[17])]
    """As a spreadsheet counts: the header is row 1."""
    sku: Annotated[str, Field(examples=["CAFE-500"])] | None
    outcome: RowOutcome
    problems: list[RowProblem]
