"""The vectors of PayU's documentation: requests, confirmations, and the page to which a buyer comes back."""

import pytest
from pydantic import SecretStr

from mestore.core.payu_settings import PayuSettings
from mestore.payments.gateways.payu_signatures import (
    confirmation,
    confirmation_is_genuine,
    confirmation_value,
    digest,
    page_is_genuine,
    page_value,
    request,
)

KEY = "4Vj8eK4rloUd272L48hsrarnUA"
MERCHANT = "508029"


def settings(**changes: object) -> PayuSettings:
    return PayuSettings().with_public_test_account().model_copy(update=changes)


@pytest.mark.parametrize(
    ("reference", "value", "currency", "algorithm", "expected"),
    [
        ("TestPayU", "3", "USD", "md5", "ba9ffa71559580175585e45ce70b6c37"),
        ("TestPayU", "3", "USD", "sha256", "e43ad790765c4ef8d355dc40782241b76cbd57764b9ebb58d6241b88ff3f5164"),
        ("TestPayU", "20000", "COP", "md5", "7ee7cf808ce6a39b17481c54f2c57acc"),
        ("TestPayU", "20000", "COP", "sha1", "fa890d3f94e12b5cdb62e8771453b99b78e7ccdc"),
        ("TestPayU", "20000", "COP", "sha256", "af3899a22336b79db46006491d15813158826f944599bf3bf601e2327f898022"),
        ("PRODUCT_TEST_2021-06-23T19:59:43.229Z", "65000", "COP", "md5", "1d6c33aed575c4974ad5c0be7c6a1c87"),
        (
            "PRODUCT_TEST_2021-06-23T19:59:43.229Z",
            "65000",
            "COP",
            "sha256",
            "769bc273767c6b88cdd296312787edd54012c3a8161020850c3d177385d07c58",
        ),
        ("MKT-2026-000123-1", "150000", "COP", "md5", "0697b5827bcf864e37a969cb70baf9be"),
        (
            "MKT-2026-000123-1",
            "150000",
            "COP",
            "sha256",
            "40e5bab415db87824138ceeb26dd58a80ddd2a9c863cd46958d91c8f9e08c1e3",
        ),
    ],
)
def test_requests(reference: str, value: str, currency: str, algorithm: str, expected: str) -> None:
    assert request(reference, value, currency, settings(algorithm=algorithm)) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KEY, "eaf61598d5593b366086c9a00aa5746ccad1a6e9b209a1a242fce224202b2b36"),
        ("secret123", "9b269405c01c725fcc5d1667a2e1166a810fd34b5a5ac82295d0f59fddf1c472"),
    ],
)
def test_requests_by_hmac(key: str, expected: str) -> None:
    assert digest(f"{KEY}~{MERCHANT}~TestPayU~20000~COP", "hmac-sha256", key) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("150.00", "150.0"),
        ("150.25", "150.25"),
        ("150.50", "150.5"),
        ("150.05", "150.05"),
        ("10000", "10000.0"),
        ("65000.00", "65000.0"),
    ],
)
def test_values_of_confirmations(value: str, expected: str) -> None:
    assert confirmation_value(value) == expected


CONFIRMATIONS = [
    ("PayUTest01", "150.00", "USD", "4", "md5", "d67cd7424db41d732336c92c5bd002c5"),
    ("PayUTest01", "150.00", "USD", "4", "sha256", "b74c877e53899d2998cf067afb6188b90e3010531e6bda4b2cad273bcfb912fb"),
    (
        *("PayUTest01", "150.00", "USD", "4", "hmac-sha256"),
        "65fb2b3452572784e23e7d6480359fd2507c54dd285ca3c4dceffb8764cfb66f",
    ),
    ("PayUTest01", "150.25", "USD", "4", "md5", "1573fee8c2ef614599ec6e723378ea6e"),
    ("PayUTest01", "150.25", "USD", "4", "sha256", "b225f494498d0e47261579fa210cb27b1c2e9565eb8b5ff2313570108cab8c37"),
    (
        *("PayUTest01", "150.25", "USD", "4", "hmac-sha256"),
        "7770a7933b90570a078fcacce1790eb13079cdf8f8a6e900b79f4f5eb96b8024",
    ),
    *(
        ("MKT-2026-000123-1", value, "COP", state, algorithm, expected)
        for value in ("150000.00", "150000", "150000.0")
        for state, algorithm, expected in (
            ("4", "md5", "af756cc38fadb6cdac376cc9a85b2c29"),
            ("4", "sha256", "22f18f371e3cb2d9bff1f84a1beb4b110fb43c331d42030664ccf9a7ba4675c0"),
            ("6", "md5", "374dcfb97ed198a52598ee499019b718"),
            ("6", "sha256", "577ccb32f4a750593b93f11c012214e2df3c8c28538280816b70b525bda3a4d5"),
            ("5", "md5", "0392ab7b6dc2bc9725591f5d79ed6715"),
            ("5", "sha256", "6d99522f833bd42b7001c985c6f8b22e06702ff793f9f68cf90142355c0d02d1"),
        )
    ),
]


def fields(reference: str, value: str, currency: str, state: str, sign: str) -> dict[str, str]:
    return {
        "merchant_id": MERCHANT,
        "reference_sale": reference,
        "value": value,
        "currency": currency,
        "state_pol": state,
        "sign": sign,
    }


@pytest.mark.parametrize(("reference", "value", "currency", "state", "algorithm", "sign"), CONFIRMATIONS)
def test_confirmations(reference: str, value: str, currency: str, state: str, algorithm: str, sign: str) -> None:
    ours = settings(confirmation_algorithm=algorithm, hmac_key=SecretStr("test123"))
    told = fields(reference, value, currency, state, sign)
    assert confirmation(told, ours) == sign
    assert confirmation_is_genuine(told, ours)
    assert confirmation_is_genuine(told | {"sign": sign.upper()}, ours)


GENUINE = fields("MKT-2026-000123-1", "150000.00", "COP", "4", "af756cc38fadb6cdac376cc9a85b2c29")


@pytest.mark.parametrize(
    "change",
    [
        {"reference_sale": "MKT-2026-000123-2"},
        {"value": "150000.10"},
        {"value": "1500000.00"},
        {"currency": "USD"},
        {"state_pol": "6"},
        {"sign": "af756cc38fadb6cdac376cc9a85b2c28"},
        {"sign": ""},
        {"sign": "ñ"},
        {"merchant_id": "508028"},
        {"merchant_id": ""},
        {"value": ""},
        {"value": "NaN"},
        {"value": "Infinity"},
        {"value": "15e4"},
        {"value": "150_000.00"},
        {"value": "150000.001"},
        {"value": "-150000"},
        {"value": "\u0661\u0665\u0660\u0660\u0660\u0660"},
        {"value": "9" * 5_000},
        # What is glued with `~` may not hold one: the parts could be shifted against each other.
        {"reference_sale": "MKT-2026-000123-1~150000.0", "value": "1"},
    ],
)
def test_what_was_altered_is_not_genuine(change: dict[str, str]) -> None:
    assert confirmation_is_genuine(GENUINE, settings())
    assert not confirmation_is_genuine(GENUINE | change, settings())


def test_parts_can_not_be_shifted_even_with_a_right_sign() -> None:
    shifted = fields("MKT-2026-000123-1~1", "50.00", "COP", "4", "")
    assert not confirmation_is_genuine(shifted | {"sign": confirmation(shifted, settings())}, settings())


def test_another_merchant_is_not_ours_even_with_a_right_sign() -> None:
    other = GENUINE | {"merchant_id": "508028"}
    assert not confirmation_is_genuine(other | {"sign": confirmation(other, settings())}, settings())


@pytest.mark.parametrize("missing", sorted(GENUINE))
def test_what_is_signed_must_be_there(missing: str) -> None:
    assert not confirmation_is_genuine({name: GENUINE[name] for name in GENUINE if name != missing}, settings())


def test_without_an_account_nothing_is_genuine() -> None:
    nobody = PayuSettings()
    told = fields("MKT-1", "1.00", "COP", "4", "") | {"merchant_id": ""}
    assert not confirmation_is_genuine(told | {"sign": confirmation(told, nobody)}, nobody)
    keyless = settings(api_key=SecretStr(""))
    assert not confirmation_is_genuine(GENUINE | {"sign": confirmation(GENUINE, keyless)}, keyless)


@pytest.mark.parametrize(("value", "expected"), [("150.25", "150.2"), ("150.35", "150.4"), ("150.34", "150.3")])
def test_values_of_the_page(value: str, expected: str) -> None:
    assert page_value(value) == expected


@pytest.mark.parametrize(
    ("value", "signature"),
    [
        ("150.25", "65c6623c664b6e435cb0456be1d6e926"),
        ("150.35", "7cd0662b15ad0fcd968b74e4f597ebe9"),
        ("150.34", "930d0febdcf3c7dc2dbbc778f9a92b1b"),
    ],
)
def test_the_page_to_which_a_buyer_comes_back(value: str, signature: str) -> None:
    query = {
        "merchantId": MERCHANT,
        "referenceCode": "PayUTest01",
        "TX_VALUE": value,
        "currency": "USD",
        "transactionState": "6",
        "signature": signature,
    }
    assert page_is_genuine(query, settings())
    assert not page_is_genuine(query | {"transactionState": "4"}, settings())
    assert not page_is_genuine(query | {"TX_VALUE": "x"}, settings())
    assert not page_is_genuine(query | {"merchantId": "1"}, settings())
    assert not page_is_genuine(query, PayuSettings())
