"""Files of products that vendors upload, and what became of each of their rows."""

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, identity, word
from mestore.core.database import Base
from mestore.core.ids import ImportId, UserId, VendorId, new_uuid


class SheetFormat(StrEnum):
    CSV = "CSV"
    XLSX = "XLSX"


class ImportStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class RowOutcome(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


UNDER_WAY = text("status IN ('QUEUED', 'RUNNING')")
"""Of an import that has not ended."""


class ProductImport(Base):
    """One uploaded file. `rows_done` of `rows_total` rows have been looked at; a dry run writes no product.

    A shop has one that has not ended.
    """

    __tablename__ = "product_imports"
    __table_args__ = (
        Index("ix_product_imports_vendor_id_id", "vendor_id", "id"),
        Index("uq_product_imports_under_way", "vendor_id", unique=True, postgresql_where=UNDER_WAY),
    )
    id: Mapped[ImportId] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    vendor_id: Mapped[VendorId] = mapped_column(Uuid, ForeignKey("vendors.id"))
    user_id: Mapped[UserId] = mapped_column(Uuid, ForeignKey("users.id"), index=True)
    format: Mapped[SheetFormat] = word(SheetFormat)
    dry_run: Mapped[bool]
    status: Mapped[ImportStatus] = word(ImportStatus, default=ImportStatus.QUEUED)
    object_name: Mapped[str] = mapped_column(String(200))
    """Where the file waits in the object store; removed when the import has ended."""
    rows_total: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    """Why the whole file could not be read."""
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[Moment | None]


class ProductImportRow(Base):
    """What became of one row: the report that the vendor reads. A row is looked at once, also after a crash."""

    __tablename__ = "product_import_rows"
    __table_args__ = (Index("uq_product_import_rows_import_id_row_number", "import_id", "row_number", unique=True),)
    id: Mapped[int] = identity()
    import_id: Mapped[ImportId] = mapped_column(Uuid, ForeignKey("product_imports.id", ondelete="CASCADE"))
    row_number: Mapped[int] = mapped_column(BigInteger)
    sku: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[RowOutcome] = word(RowOutcome)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
