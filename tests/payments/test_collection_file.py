"""The file of collections: read when all of it adds up, refused as a whole when not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.core.money import Money
from mestore.payments.collections.file import MOST_BYTES, CollectionFile, WrongCollectionFile, read_collection_file
from tests.sandbox.payvalida_shop import PayvalidaShop
from tests.sandbox.running import RunningSandbox

EXAMPLE = """\
01900123456720261120007      00123456789202611202305A01
0577099980012370001
0600000000000000000000000000000000000000020260012300000015000000010100010100451200700330000002
0600000000000000000000000000000000000000020260012400000008990050010100010200451300700330000003
080000000020000000000239900500001
09000000002000000000023990050
"""
LINES = EXAMPLE.splitlines()


def encoded(lines: list[str], end: str = "\r\n") -> bytes:
    return "".join(f"{line:<162}{end}" for line in lines).encode("latin-1")


def changed(number: int, start: int, text: str) -> list[str]:
    """The example with `text` at a place of one line, counted from 1."""
    line = LINES[number - 1].ljust(162)
    return [*LINES[: number - 1], line[:start] + text + line[start + len(text) :], *LINES[number:]]


def test_the_example_of_the_reference() -> None:
    file = read_collection_file(EXAMPLE.encode())
    header = file.header
    assert (header.nit, header.entity, header.modifier) == ("9001234567", "007", "A")
    assert header.collected_on == date(2026, 11, 20)
    assert header.made_at.astimezone(UTC) == datetime(2026, 11, 21, 4, 5, tzinfo=UTC)
    assert file.total == Money("239900.50")
    first, second = file.collections
    assert (first.reference, first.amount, first.line) == ("202600123", Money(150_000), 3)
    assert (second.reference, second.amount, second.line) == ("202600124", Money("89900.50"), 4)
    assert (first.origin, first.means, first.operation, first.authorisation) == ("01", "01", "000101", "004512")
    assert (first.branch, first.returned) == ("0033", None)
    assert first.key == "007:20261120:0001:0000002:202600123:150000.00"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [0, 161, 162])
def test_ends_of_lines_and_blanks_make_no_difference(end: str, width: int) -> None:
    raw = "".join(f"{line:<{width}}{end}" for line in LINES).encode()
    assert read_collection_file(raw) == read_collection_file(EXAMPLE.encode())
    assert read_collection_file(raw.removesuffix(end.encode())) == read_collection_file(EXAMPLE.encode())


def test_a_day_without_collections() -> None:
    file = read_collection_file(encoded([LINES[0], LINES[1], "08" + "0" * 27 + "0001", "09" + "0" * 27]))
    assert (file.collections, file.total) == ((), Money(0))


def test_a_collection_that_was_given_back_says_so() -> None:
    assert read_collection_file(encoded(changed(3, 94, "R04"))).collections[0].returned == "R04"
    assert read_collection_file(encoded(changed(3, 94, "000"))).collections[0].returned is None


WRONG: dict[str, tuple[list[str], int]] = {
    "a total of the batch": (changed(5, 28, "1"), 5),
    "a total of the file": (changed(6, 28, "1"), 6),
    "a count of the batch": (changed(5, 10, "3"), 5),
    "a count of the file": (changed(6, 10, "1"), 6),
    "an amount": (changed(3, 63, "1"), 5),
    "another batch's control": (changed(5, 32, "2"), 5),
    "a sequence that stands": (changed(4, 93, "2"), 4),
    "a sequence that falls": (changed(4, 93, "1"), 4),
    "a letter in an amount": (changed(3, 60, "O"), 3),
    "a blank in an amount": (changed(3, 50, " "), 3),
    "a sign in an amount": (changed(3, 50, "-"), 3),
    "digits of another script": (changed(3, 60, "²"), 3),
    "nothing collected": (changed(3, 50, "0" * 14), 3),
    "no reference": (changed(3, 2, "0" * 48), 3),
    "a blank reference": (changed(3, 2, " " * 48), 3),
    "a reference of two words": (changed(3, 45, " "), 3),
    "a thirteenth month": (changed(1, 16, "13"), 1),
    "a thirtieth of February": (changed(1, 40, "20260230"), 1),
    "an hour that is none": (changed(1, 48, "2500"), 1),
    "a modifier in small": (changed(1, 52, "a"), 1),
    "an account of no type": (changed(1, 53, "09"), 1),
    "a NIT with letters": (changed(1, 2, "X"), 1),
    "something in the filler": (changed(3, 120, "x"), 3),
    "a latin-1 letter in the filler": (changed(5, 50, "ñ"), 5),
    "an unknown record": (changed(3, 0, "07"), 3),
    "no header": (LINES[1:], 1),
    "two headers": ([LINES[0], *LINES], 2),
    "a collection outside of a batch": ([LINES[0], *LINES[2:]], 2),
    "no control of the batch": ([*LINES[:4], LINES[5]], 5),
    "no control of the file": (LINES[:5], 5),
    "a header alone": (LINES[:1], 1),
    "something after the end": ([*LINES, LINES[5]], 7),
    "an empty line": ([*LINES[:2], "", *LINES[2:]], 3),
    "the same batch twice": ([*LINES[:5], *LINES[1:5], LINES[5]], 6),
    "a line too long": ([*LINES[:3], LINES[3].ljust(163), *LINES[4:]], 4),
    "a tab": (changed(3, 120, "\t"), 3),
    "a NUL": (changed(3, 120, "\0"), 3),
    "a line ended by CR alone": (changed(3, 120, "\r"), 3),
}


@pytest.mark.parametrize(("lines", "number"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_refuses_the_whole_file_and_names_its_line(lines: list[str], number: int) -> None:
    with pytest.raises(WrongCollectionFile) as refused:
        read_collection_file(encoded(lines))
    assert refused.value.line == number
    assert refused.value.reason


@pytest.mark.parametrize("number", range(1, 7))
def test_a_line_cut_short_refuses_the_file(number: int) -> None:
    lines = [*LINES[: number - 1], LINES[number - 1][:-1], *LINES[number:]]
    with pytest.raises(WrongCollectionFile) as refused:
        read_collection_file("\n".join(lines).encode())
    assert refused.value.line == number


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"\r\n\r\n",
        b"\xff\xfe0\x001\x00",
        b"\xef\xbb\xbf" + EXAMPLE.encode(),
        b"PK\x03\x04",
        b"01",
        b"<html></html>",
        EXAMPLE.encode("utf-16"),
        b"0" * (MOST_BYTES + 1),
        b"\n" * 100_000,
    ],
)
def test_hostile_files_are_refused(raw: bytes) -> None:
    with pytest.raises(WrongCollectionFile):
        read_collection_file(raw)


@dataclass(frozen=True)
class Paid:
    reference: str
    centavos: int


def written(day: date, batches: list[list[Paid]]) -> bytes:
    """A writer of its own, after the table of fields."""
    lines = [f"019001234567{day:%Y%m%d}051{'55667788':>17}{day:%Y%m%d}0000Z02"]
    for number, batch in enumerate(batches, start=1):
        lines.append(f"057709998001237  {number:02}".replace("  ", "00"))
        lines += [
            f"06{paid.reference:0>48}{paid.centavos:014}0303{'77':>06}{'88':>06}0510001{sequence:07}"
            for sequence, paid in enumerate(batch, start=2)
        ]
        lines.append(f"08{len(batch):09}{sum(paid.centavos for paid in batch):018}{number:04}")
    everything = [paid for batch in batches for paid in batch]
    lines.append(f"09{len(everything):09}{sum(paid.centavos for paid in everything):018}")
    return encoded(lines)


paid = st.builds(Paid, st.from_regex(r"[1-9][0-9]{0,24}", fullmatch=True), st.integers(1, 10**13))
batches = st.lists(st.lists(paid, max_size=8), min_size=1, max_size=4)
days = st.dates(date(2001, 9, 1), date(2099, 12, 31))


def read(day: date, all_of_it: list[list[Paid]]) -> CollectionFile:
    return read_collection_file(written(day, all_of_it))


@given(days, batches)
def test_what_is_written_is_read(day: date, all_of_it: list[list[Paid]]) -> None:
    file = read(day, all_of_it)
    everything = [each for batch in all_of_it for each in batch]
    assert file.header.collected_on == day
    assert [(each.reference, each.amount.cents) for each in file.collections] == [
        (each.reference, each.centavos) for each in everything
    ]
    assert file.total.cents == sum(each.centavos for each in everything)
    keys = [each.key for each in file.collections]
    assert len(set(keys)) == len(keys)
    assert [each.key for each in read(day, all_of_it).collections] == keys


@given(days, batches, st.data())
def test_no_digit_of_a_control_record_may_change(day: date, all_of_it: list[list[Paid]], data: st.DataObject) -> None:
    raw = bytearray(written(day, all_of_it))
    controls = [at for at in range(0, len(raw), 164) if bytes(raw[at : at + 2]) in (b"08", b"09")]
    place = data.draw(st.sampled_from(controls)) + data.draw(st.integers(2, 28))
    raw[place] = ord("0") + (raw[place] - ord("0") + data.draw(st.integers(1, 9))) % 10
    with pytest.raises(WrongCollectionFile):
        read_collection_file(bytes(raw))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises(WrongCollectionFile):
        read_collection_file(raw)


@pytest.fixture(name="payvalida")
def _payvalida(sandbox: RunningSandbox) -> Any:
    shop = PayvalidaShop(sandbox)
    yield shop
    shop.close()


def test_the_networks_own_file_is_read(payvalida: PayvalidaShop) -> None:
    code = payvalida.create()["Referencia"]
    for _ in range(2):
        payvalida.control("pay", code=code, amount=150_000, offline=True)
    day = datetime.fromisoformat(payvalida.control("advance_clock", seconds=0.001)["now"]).astimezone(
        datetime.strptime("-0500", "%z").tzinfo
    )
    address = f"/files/{day:%Y-%m-%d}.txt"
    first, second = read_collection_file(payvalida.http.get(address).content).collections
    assert (first.reference, first.amount) == (second.reference, second.amount) == (code, Money(150_000))
    assert first.key != second.key, "a code that was paid twice is two collections (fault F50)"
    for wrong in ("total", "count", "short_line"):
        with pytest.raises(WrongCollectionFile):
            read_collection_file(payvalida.http.get(address, params={"wrong": wrong}).content)
    twice = read_collection_file(payvalida.http.get(address, params={"wrong": "duplicate"}).content)
    assert len(twice.collections) == 3
