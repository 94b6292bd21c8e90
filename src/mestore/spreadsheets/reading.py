"""A process of its own that makes plain rows of one file, and ends: `python -m mestore.spreadsheets.reading`.

Parsers of XLSX keep parts of a file in memory and take their time, and the file is a stranger's: here they may use
neither more memory nor more time than they are given. It reads the file from its input and writes each row as a line of
JSON: its number as a spreadsheet shows it, its cells as texts, and the number of an earlier row with the same SKU or
null. Its last line of errors is JSON, too: the header and how many rows there are, or why the file can't be read.

Only the standard library and openpyxl are imported, so that it starts fast.
"""

import csv
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from mestore.spreadsheets.cells import restored
from mestore.spreadsheets.faults import FaultySheet, SheetFault
from mestore.spreadsheets.limits import limit_this_process

_SEPARATORS = ",;\t"
_LONGEST_CELL = 40_000
_MOST_PARTS = 1_000
_WIDEST = 40
"""Of columns: more than products have, so that one too many is seen."""

_LAST_ROW = 1_048_576
"""Spreadsheets have no more."""

Row = tuple[int, list[str]]


def main(kind: str, names: str, max_rows: str, max_unpacked: str, max_bytes: str, max_seconds: str) -> int:
    limit_this_process(int(max_bytes), int(max_seconds))
    try:
        said = convert(sys.stdin.buffer, sys.stdout, kind, names.split(","), int(max_rows), int(max_unpacked))
    except FaultySheet as error:
        said = {"fault": error.fault.value, "column": error.column}
    except MemoryError:
        said = {"fault": SheetFault.TOO_LARGE.value, "column": None}
    sys.stdout.flush()
    sys.stderr.write(json.dumps(said) + "\n")
    return 0


def convert(
    sheet: IO[bytes], into: IO[str], kind: str, names: Sequence[str], max_rows: int, max_unpacked: int
) -> dict[str, Any]:
    """Write a file's rows, and give its header and their count.

    Raises:
        FaultySheet: it can't be read, or its header names what is not among `names`.
    """
    separator = None
    if kind == "XLSX":
        refuse_bomb(sheet, max_unpacked)
        rows = _xlsx_rows(sheet)
    else:
        separator, rows = _csv_rows(sheet)
    rows = _calmly(rows)
    first = next(rows, None)
    if first is None:
        raise FaultySheet(SheetFault.EMPTY)
    header = _header(first[1], names)
    sku, seen, total = header.index("sku"), dict[str, int](), 0
    for number, cells in rows:
        total += 1
        if total > max_rows:
            raise FaultySheet(SheetFault.TOO_MANY_ROWS)
        key = cells[sku].strip().upper() if sku < len(cells) else ""
        earlier = seen.setdefault(key, number) if key else number
        into.write(json.dumps([number, cells, earlier if earlier != number else None]) + "\n")
    if not total:
        raise FaultySheet(SheetFault.EMPTY)
    return {"header": header, "total": total, "decimal_comma": separator == ";"}


def refuse_bomb(sheet: IO[bytes], max_unpacked: int) -> None:
    """Look at what a ZIP archive says of its parts: reading one ends where it says that it ends.

    Raises:
        FaultySheet: it is none, or unpacks to more than that.
    """
    try:
        with zipfile.ZipFile(sheet) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise FaultySheet(SheetFault.BROKEN) from error
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise FaultySheet(SheetFault.BROKEN)
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > max_unpacked:
        raise FaultySheet(SheetFault.TOO_LARGE)


def _calmly(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows that have anything in them; whatever a parser raises is the file's fault."""
    try:
        for number, cells in rows:
            if any(cells):
                yield number, cells
    except UnicodeDecodeError as error:
        raise FaultySheet(SheetFault.NOT_UTF8) from error
    except (FaultySheet, MemoryError):
        raise
    except (csv.Error, ParseError, zipfile.BadZipFile, ValueError, LookupError, TypeError) as error:
        raise FaultySheet(SheetFault.BROKEN) from error
    except (AttributeError, OSError, EOFError, NotImplementedError, ArithmeticError, RecursionError) as error:
        raise FaultySheet(SheetFault.BROKEN) from error


def _csv_rows(sheet: IO[bytes]) -> tuple[str, Iterator[Row]]:
    """The separator is the one that the first line has most of."""
    start = sheet.read(65_536).split(b"\n", maxsplit=1)[0]
    sheet.seek(0)
    separator = max(_SEPARATORS, key=lambda each: start.count(each.encode()))
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(sheet, encoding="utf-8-sig", newline="")
    lines = csv.reader(text, delimiter=separator, strict=True)
    return separator, ((number, [restored(cell) for cell in cells]) for number, cells in enumerate(lines, 1))


def _xlsx_rows(sheet: IO[bytes]) -> Iterator[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 - a CSV file is read without it

    book = load_workbook(sheet, read_only=True, data_only=True, keep_links=False)
    page = book.worksheets[0]
    page.reset_dimensions()  # what the file says of them may be wrong
    for number, cells in enumerate(page.iter_rows(max_col=_WIDEST, values_only=True), 1):
        if number > _LAST_ROW:
            raise FaultySheet(SheetFault.TOO_MANY_ROWS)
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        yield number, texts


def _text(value: Any) -> str:
    """A cell as one would type it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return restored(value[:_LONGEST_CELL])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return str(value)


def _header(cells: Sequence[str], names: Sequence[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    while header and not header[-1]:
        header.pop()
    for column, name in enumerate(header, 1):
        if name not in names:
            raise FaultySheet(SheetFault.UNKNOWN_COLUMN, column)
        if name in header[: column - 1]:
            raise FaultySheet(SheetFault.COLUMN_TWICE, column)
    if "sku" not in header:
        raise FaultySheet(SheetFault.NO_SKU_COLUMN)
    return header


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
