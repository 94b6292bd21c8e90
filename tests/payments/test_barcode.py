"""The barcode of a slip: what it says, and that its bars say so."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mestore.core.money import Money
from mestore.payments.barcode import SEPARATOR, SlipBarcode, check_digit
from tests.payments import scanner

SLIP = SlipBarcode("7709998001237", "0000202600123", Money(150_000), date(2026, 11, 30))


def test_the_example_of_the_reference() -> None:
    assert SLIP.text == "(415)7709998001237(8020)0000202600123(3900)150000(96)20261130"
    assert SLIP.content == "415770999800123780200000202600123\x1d3900150000\x1d9620261130"


@pytest.mark.parametrize("gln", ["7709998001237", "7709998461239", "7709998001701", "7709998700758"])
def test_check_digits_of_numbers_in_use(gln: str) -> None:
    assert check_digit(gln[:12]) == gln[12]


@pytest.mark.parametrize(
    ("digits", "digit"),
    # GTIN-8, GTIN-12, GTIN-13 and GTIN-14 of GS1's own examples.
    [("9638507", "4"), ("61414112345", "2"), ("590123412345", "7"), ("1061414100001", "9"), ("0" * 12, "0")],
)
def test_check_digits_of_any_length(digits: str, digit: str) -> None:
    assert check_digit(digits) == digit


@pytest.mark.parametrize(
    ("gln", "code", "amount"),
    [
        ("7709998001238", "1", Money(1)),
        ("770999800123", "1", Money(1)),
        ("\N{ARABIC-INDIC DIGIT SEVEN}709998001237", "1", Money(1)),
        ("7709998001237", "", Money(1)),
        ("7709998001237", "1" * 26, Money(1)),
        ("7709998001237", "12A", Money(1)),
        ("7709998001237", "1\x1d2", Money(1)),
        ("7709998001237", "1", Money("1.50")),
        ("7709998001237", "1", Money(0)),
        ("7709998001237", "1", Money(-5)),
        ("7709998001237", "1", Money(10**15)),
    ],
)
def test_what_a_slip_can_not_say(gln: str, code: str, amount: Money) -> None:
    with pytest.raises(ValueError, match=r"GLN|code|whole pesos"):
        SlipBarcode(gln, code, amount, date(2026, 11, 30))


@pytest.mark.parametrize(
    "text",
    [
        "",
        SLIP.content,
        SLIP.text + " ",
        SLIP.text.replace("20261130", "20261131"),
        SLIP.text.replace("(415)7709998001237", "(415)7709998001238"),
        SLIP.text.replace("(3900)", "(3902)"),
        SLIP.text.replace("150000", "0"),
    ],
)
def test_what_is_no_text_of_a_slip(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SlipBarcode.read(text)


slips = st.builds(
    lambda first, code, pesos, days: SlipBarcode(
        first + check_digit(first), code, Money(pesos), date(2026, 1, 1) + timedelta(days=days)
    ),
    st.text("0123456789", min_size=12, max_size=12),
    st.text("0123456789", min_size=1, max_size=25),
    st.integers(1, 10**11),
    st.integers(0, 3_000),
)


@given(slips)
def test_text_and_content_say_the_same_and_all(slip: SlipBarcode) -> None:
    assert SlipBarcode.read(slip.text) == slip
    first, amount, due = slip.content.split(SEPARATOR)
    assert (first[:3], first[3:16], first[16:20]) == ("415", slip.gln, "8020")
    assert (first[20:], amount[:4], amount[4:]) == (slip.code, "3900", str(slip.amount.cents // 100))
    assert due == f"96{slip.last_day:%Y%m%d}"


def scanned(svg: bytes) -> str:
    """What a scanner reads in the drawing."""
    bars = re.findall(r'<rect x="([0-9.]+)mm" y="[0-9.]+mm" width="([0-9.]+)mm"[^>]*fill:black', svg.decode())
    return scanner.read(scanner.modules((round(float(x) / 0.25), round(float(width) / 0.25)) for x, width in bars))


@pytest.mark.parametrize("code", ["0000202600123", "326000095601", "7", "1234567890123456789012345"])
def test_the_bars_say_what_the_text_says(code: str) -> None:
    slip = SlipBarcode("7709998001237", code, Money(89_900), date(2026, 12, 1))
    assert scanned(slip.svg()) == "<FNC1>" + slip.content.replace(SEPARATOR, "<FNC1>")
    assert scanner.read(slip.modules) == scanned(slip.svg())


def test_the_drawing_shows_the_text_and_is_a_picture() -> None:
    assert SLIP.text in SLIP.svg().decode()
    with Image.open(BytesIO(SLIP.png())) as picture:
        assert picture.format == "PNG"
        assert picture.width > picture.height > 100
