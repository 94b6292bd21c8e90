"""A process of its own that makes an XLSX file of plain rows, and ends: `python -m mestore.spreadsheets.writing`.

It reads each row, a list of texts, as a line of JSON from its input and writes the file to its output. The columns that
are named are written as numbers, so that a spreadsheet can count with them.
"""

import json
import sys
from decimal import Decimal
from typing import Any

from mestore.spreadsheets.limits import limit_this_process


def main(numbers: str, max_bytes: str, max_seconds: str) -> int:
    limit_this_process(int(max_bytes), int(max_seconds))
    from openpyxl import Workbook  # noqa: PLC0415 - without numpy, from here on

    as_numbers = {int(column) for column in numbers.split(",")}
    book = Workbook(write_only=True)
    page = book.create_sheet("products")
    page.append(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        page.append([_cell(text, number=column in as_numbers) for column, text in enumerate(json.loads(line))])
    book.save(sys.stdout.buffer)
    return 0


def _cell(text: str, *, number: bool) -> Any:
    if not text:
        return None
    return Decimal(text) if number else text


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
