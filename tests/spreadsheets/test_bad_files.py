"""Files that are none, that are too large or that would use up a machine: refused, with nothing kept of them."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from mestore.catalog.models import Product
from mestore.core.settings import SpreadsheetSettings
from mestore.core.world import World
from mestore.spreadsheets import converters
from mestore.spreadsheets.models import ProductImport
from tests.api import Api
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.spreadsheets.conftest import IMPORT, IMPORTS, Shop, Waiting
from tests.spreadsheets.files import HEADER, csv_file, with_part, xlsx_file

COFFEE = ("CAFE-500", "Café de origen", "cafe", "32000.00", "40", "0.500")
SHEET = "xl/worksheets/sheet1.xml"
PAGE = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
WORKBOOK = xlsx_file(COFFEE)


def a_zip(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()


REFUSED = {
    "nothing": (b"", "sheet-unreadable"),
    "latin-1": ("sku,name\nCAFE-1,Café".encode("latin-1"), "sheet-unreadable"),
    "UTF-16": ("sku,name\nCAFE-1,Café".encode("utf-16"), "sheet-unreadable"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "sheet-unreadable"),
    "an old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 512, "sheet-unreadable"),
    "half a character at its end": ("sku,name\nCAFE-1,Caf\u00e9".encode()[:-1], "sheet-unreadable"),
    "another archive": (a_zip(readme=b"hello"), "sheet-unreadable"),
    "half a workbook": (WORKBOOK[: len(WORKBOOK) // 2], "sheet-unreadable"),
    "a bomb": (with_part(WORKBOOK, "xl/sharedStrings.xml", b" " * 220_000_000), "sheet-too-large"),
    "many parts": (a_zip(**{"[Content_Types].xml": b""}, **{f"p{n}": b"" for n in range(1_001)}), "sheet-too-large"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_that_is_none_is_refused_at_once(name: str, shop: Shop, rows: Rows, waiting: Waiting) -> None:
    content, kind = REFUSED[name]
    await shop.api.token(shop.owner)
    before = await census(rows)
    assert assert_problem(await shop.send(content), 422)["type"] == f"/problems/{kind}"
    assert await census(rows) == before
    assert waiting.names() == []


FAILED = {
    "only a header": (csv_file(), "empty", None),
    "only blank lines": (b"\n\n  \n", "no_sku_column", None),
    "no column of SKUs": (csv_file(COFFEE[1:], header=HEADER[1:]), "no_sku_column", None),
    "a column too many": (csv_file((*COFFEE, 1), header=(*HEADER, "precio")), "unknown_column", 7),
    "an unnamed column between": (csv_file(COFFEE, header=("sku", "", *HEADER[2:])), "unknown_column", 2),
    "a column twice": (csv_file(COFFEE, header=("sku", "SKU", *HEADER[2:])), "column_twice", 2),
    "a quote that does not end": (b'sku,name\nCAFE-1,"Cafe\n' + b"x" * 100_000, "broken", None),
    "a workbook without pages": (with_part(WORKBOOK, "xl/workbook.xml", b"<workbook/>"), "broken", None),
    "broken XML": (with_part(WORKBOOK, SHEET, b"<worksheet><sheetData><row>"), "broken", None),
    "entities that grow": (
        with_part(
            WORKBOOK,
            SHEET,
            b'<!DOCTYPE x [<!ENTITY a "'
            + b"a" * 10_000
            + b'">'
            + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 50 if n else b"&a;" * 50) for n in range(6))
            + b"]>"
            + PAGE % b'<row r="1"><c t="inlineStr"><is><t>&a5;</t></is></c></row>',
        ),
        "broken",
        None,
    ),
    "an entity from this machine": (
        with_part(
            WORKBOOK,
            SHEET,
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + PAGE % b'<row r="1"><c t="inlineStr"><is><t>&a;</t></is></c></row>',
        ),
        "broken",
        None,
    ),
    "a row at the end of the world": (
        with_part(
            WORKBOOK,
            SHEET,
            PAGE
            % (
                b'<row r="1"><c r="A1" t="inlineStr"><is><t>sku</t></is></c></row>'
                b'<row r="999999999999"><c t="inlineStr"><is><t>a</t></is></c></row>'
            ),
        ),
        "too_many_rows",
        None,
    ),
}


@pytest.mark.parametrize("name", FAILED)
async def test_a_file_that_can_not_be_read_says_why(name: str, shop: Shop, rows: Rows, waiting: Waiting) -> None:
    content, code, column = FAILED[name]
    done = await shop.imported(content)
    assert (done["status"], done["rows_done"]) == ("FAILED", 0)
    assert (done["problem"]["code"], done["problem"]["column"]) == (code, column)
    assert await rows.count(Product) == 0
    assert waiting.names() == []


async def test_what_needs_too_much_memory_is_the_files_fault(
    shop: Shop, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converters, "_MEMORY_BYTES", 100_000_000)
    wide = PAGE % (b'<row><c r="XFD1"><v>1</v></c></row>' * 1_000_000)
    done = await shop.imported(with_part(WORKBOOK, SHEET, wide))
    assert (done["status"], done["problem"]["code"]) == ("FAILED", "too_large")
    assert (await shop.imported(csv_file(COFFEE)))["outcomes"]["created"] == 1


async def test_the_problem_is_told_in_the_readers_language(shop: Shop, api: Api) -> None:
    done = await shop.imported(csv_file())
    path = f"{IMPORTS}/{done['id']}"
    spanish = (await api.get(path, by=shop.owner, headers={"Accept-Language": "es"})).json()["problem"]
    assert spanish["title"] == "El archivo no tiene filas debajo del encabezado."
    assert done["problem"]["title"] == "The file has no rows below its header."


@pytest.fixture
def small(world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that takes little."""
    little = SpreadsheetSettings(max_rows=3, max_bytes=1_000)
    monkeypatch.setitem(world.settings.__dict__, "spreadsheets", little)


@pytest.mark.usefixtures("small")
async def test_too_many_rows_are_refused_before_one_is_written(shop: Shop, rows: Rows) -> None:
    lines = [(f"SKU-{number}", *COFFEE[1:]) for number in range(4)]
    done = await shop.imported(csv_file(*lines))
    assert done["problem"]["code"] == "too_many_rows"
    assert await rows.count(Product) == 0
    assert (await shop.imported(csv_file(*lines[:3])))["outcomes"]["created"] == 3


@pytest.mark.usefixtures("small")
async def test_a_file_too_large_is_refused(shop: Shop, rows: Rows) -> None:
    assert_problem(await shop.send(csv_file(*[COFFEE] * 30)), 413)
    assert await rows.count(ProductImport) == 0


async def test_large_bodies_pass_the_gate_on_this_address_only(shop: Shop, api: Api) -> None:
    large = csv_file(*[(f"SKU-{number}", *COFFEE[1:]) for number in range(40_000)])
    assert 1_048_576 < len(large) < 20_971_520
    assert (await shop.send(large)).status_code == 202
    files = {"file": ("p.csv", large)}
    assert_problem(await api.request("POST", "/api/v1/products", by=shop.owner, files=files), 413)
    assert_problem(await api.request("POST", IMPORTS, by=shop.owner, files=files), 413)
    too_large = {"file": ("p.csv", large * 12)}
    assert_problem(await api.request("POST", IMPORT, by=shop.owner, files=too_large), 413)


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"file": "sku"}', {"Content-Type": "application/json"}, 415),
        (b"sku\nA-1", {"Content-Type": "text/csv"}, 415),
        (b"", BOUNDARY, 422),
        (b"--x\r\nnothing", BOUNDARY, 422),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nsku\r\n--x--\r\n', BOUNDARY, 422),
        (b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nsku\r\n--x--\r\n', BOUNDARY, 422),
        (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nsku\r\n', BOUNDARY, 422),
        (b"--x--", {"Content-Type": "multipart/form-data"}, 422),
    ],
)
async def test_a_form_that_is_none_is_refused(
    body: bytes, headers: dict[str, str], status: int, shop: Shop, api: Api, rows: Rows
) -> None:
    await api.token(shop.owner)
    before = await census(rows)
    assert_problem(await api.request("POST", IMPORT, by=shop.owner, content=body, headers=headers), status)
    assert await census(rows) == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00.csv", "p.exe", ""])
async def test_the_files_name_means_nothing(name: str, shop: Shop, waiting: Waiting) -> None:
    answer = await shop.send(csv_file(COFFEE), name=name or "x")
    assert answer.status_code == 202
    assert [len(name) for name in waiting.names()] == [32]


async def test_where_nothing_can_be_kept_it_is_503_and_there_is_no_row(
    shop: Shop, rows: Rows, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "away"
    away = SpreadsheetSettings(folder=folder)
    monkeypatch.setitem(world.settings.__dict__, "spreadsheets", away)
    assert (await shop.send(csv_file(COFFEE))).status_code == 202
    await shop.drain()
    shutil.rmtree(folder)
    folder.write_text("a file where the folder was")
    answer = await shop.send(csv_file(COFFEE))
    assert assert_problem(answer, 503)["type"] == "/problems/sheet-storage-away"
    assert int(answer.headers["retry-after"]) > 0
    assert await rows.count(ProductImport) == 1
