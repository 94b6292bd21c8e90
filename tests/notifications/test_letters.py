from datetime import UTC, datetime

import pytest
from jinja2 import UndefinedError

from mestore.core.wording import clock, day, pesos
from mestore.notifications.letters import write

ORDER = {
    "name": "Ana Ruiz",
    "order_number": "ORD-20261124-7KQ2M9XD",
    "ordered_at": "2026-11-25T03:04:05+00:00",
    "items": [{"name": "Café de origen 500 g", "sku": "CAFE-500", "quantity": 2, "total": "64000.00"}],
    "subtotal": "64000.00",
    "discount": "0.00",
    "iva_amount": "3200.00",
    "shipping_cost": "15000.00",
    "total": "82200.00",
    "receiver": "Ana Ruiz",
    "address": "Cra 7 # 71-21 Apto 301",
    "city": "Bogotá",
    "department": "Bogotá D.C.",
    "business_name": "Café de la Sierra",
    "expires_at": "2026-11-25T04:04:05+00:00",
    "carrier": "Servientrega",
    "guide_number": "2259637412",
    "promised_by": "2026-12-04T12:00:00-05:00",
    "link": "https://shop.example/seguimiento/ORD-20261124-7KQ2M9XD",
    "returnable_until": "2026-12-02T04:59:59+00:00",
    "paid": True,
    "amount": "82200.00",
}
LETTERS = (
    *("account_exists", "order_confirmed_buyer", "order_confirmed_vendor", "welcome", "order_placed"),
    *("package_shipped", "package_delivered", "package_cancelled", "refund_made"),
    *("order_cancelled_buyer", "order_cancelled_vendor"),
)
CODE = {"name": "Ana Ruiz", "code": "012345", "expires_at": datetime(2026, 11, 24, 15, 4, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("amount", "written"),
    [("250000.00", "$ 250.000"), ("0.00", "$ 0"), ("999.00", "$ 999"), ("1234567.00", "$ 1.234.567")],
)
def test_money_as_colombians_write_it(amount: str, written: str) -> None:
    assert pesos(amount) == written


@pytest.mark.parametrize(
    ("moment", "spanish"), [("2026-11-24T05:00:00+00:00", "12:00 a. m."), ("2026-11-24T17:05:00+00:00", "12:05 p. m.")]
)
def test_times_are_those_of_colombia(moment: str, spanish: str) -> None:
    assert clock(moment, "es") == spanish


def test_F67_late_in_the_evening_it_is_still_today_in_colombia() -> None:
    assert day("2026-11-25T04:30:00+00:00", "es") == "24 de noviembre de 2026"
    assert day("2026-11-25T05:00:00+00:00", "en") == "25 November 2026"


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("template", LETTERS)
def test_every_letter_is_whole_in_both_languages(template: str, language: str) -> None:
    letter = write(template, language, ORDER)
    assert letter.subject
    assert "Ana Ruiz" in letter.text
    assert "Ana Ruiz" in letter.html
    assert f'<html lang="{language}">' in letter.html
    assert "<" not in letter.text
    assert "\n\n\n" not in letter.text


def test_what_an_order_s_letter_says() -> None:
    letter = write("order_confirmed_buyer", "es", ORDER)
    assert letter.subject == "Recibimos tu pago: pedido ORD-20261124-7KQ2M9XD"
    assert letter.text == (
        "Hola, Ana Ruiz:\n\n"
        "Recibimos el pago de tu pedido ORD-20261124-7KQ2M9XD del 24 de noviembre de 2026. "
        "Los vendedores ya lo están preparando.\n\n"
        "2 × Café de origen 500 g (CAFE-500): $ 64.000\n\n"
        "Subtotal: $ 64.000\nDescuento: $ 0\nIVA: $ 3.200\nEnvío: $ 15.000\nTotal pagado: $ 82.200\n\n"
        "Lo enviaremos a Ana Ruiz, Cra 7 # 71-21 Apto 301, Bogotá (Bogotá D.C.).\n\n"
        "MeStore\n"
    )


@pytest.mark.parametrize(
    ("expires_at", "language", "subject"),
    [
        ("2026-11-25T04:04:05+00:00", "es", "Recibimos tu pedido: págalo antes de las 11:04 p. m."),
        ("2026-11-25T04:04:05+00:00", "en", "We received your order: pay it before 11:04 p.m."),
        (
            "2026-11-28T05:59:00+00:00",
            "es",
            "Recibimos tu pedido: págalo antes de las 12:59 a. m. del 28 de noviembre de 2026",
        ),
        ("2026-11-28T05:59:00+00:00", "en", "We received your order: pay it before 12:59 a.m. of 28 November 2026"),
    ],
)
def test_until_when_an_order_is_to_be_paid_has_a_date_when_it_is_not_the_same_day(
    expires_at: str, language: str, subject: str
) -> None:
    assert write("order_placed", language, ORDER | {"expires_at": expires_at}).subject == subject


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_code_s_letter_says_the_code_and_how_long_it_works(language: str) -> None:
    letter = write("verify_email", language, CODE)
    assert "    012345\n" in letter.text
    assert ">012345<" in letter.html
    assert "10:04" in letter.text
    assert "012345" not in letter.subject


def test_what_people_wrote_is_escaped_in_html_and_plain_in_text() -> None:
    letter = write("welcome", "es", {"name": "<img src=x onerror=alert(1)> & Cía."})
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; Cía." in letter.html
    assert "<img" not in letter.html
    assert "<img src=x onerror=alert(1)> & Cía." in letter.text


def test_a_subject_is_one_line() -> None:
    letter = write("order_confirmed_buyer", "es", ORDER | {"order_number": "ORD\r\nBcc: x@example.co"})
    assert letter.subject == "Recibimos tu pago: pedido ORD Bcc: x@example.co"


def test_a_letter_that_lacks_something_is_not_written() -> None:
    with pytest.raises(UndefinedError):
        write("verify_email", "es", {"name": "Ana Ruiz"})
