import pytest

from mestore.users.contact import read_email, read_phone


@pytest.mark.parametrize(
    "spelling",
    [
        "ana@example.co",
        "Ana@Example.CO",
        "ANA@EXAMPLE.CO",
        "\uff41\uff4e\uff41@example.co",
        "\uff21\uff2e\uff21@example.co",
        "ana@\uff45xample.co",
    ],
)
def test_F64_spellings_of_one_address_are_one_account(spelling: str) -> None:
    email = read_email(spelling)
    assert email is not None
    assert email.key == "ana@example.co"


def test_composed_and_decomposed_letters_are_one_account() -> None:
    composed, decomposed = read_email("jos\u00e9@example.co"), read_email("jose\u0301@example.co")
    assert composed is not None
    assert decomposed is not None
    assert composed.key == decomposed.key


def test_letters_go_where_they_were_asked_to_go() -> None:
    email = read_email("Ana.Ruiz@Example.co")
    assert email is not None
    assert email.written == "Ana.Ruiz@example.co"


@pytest.mark.parametrize(
    "text",
    [
        *("", "ana", "ana@", "@example.co", "ana@localhost", "a b@example.co", "ana@" + "x" * 250 + ".co"),
        *("ana@example.co\r\nBcc: x@example.co", "ana@example.co, x@example.co", "Ana <ana@example.co>"),
        "\ufdfa" * 30 + "@example.co",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert read_email(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3001234567", "+573001234567"),
        ("300 123 4567", "+573001234567"),
        ("(300) 123-4567", "+573001234567"),
        ("+57 300 1234567", "+573001234567"),
        ("6012345678", "+576012345678"),
        ("+1 650 253 0000", "+16502530000"),
    ],
)
def test_phones_are_kept_in_e164(text: str, number: str) -> None:
    assert read_phone(text) == number


@pytest.mark.parametrize("text", ["", "123", "30012345678901", "+5730012", "teléfono", "+999123456789", "+683 4002"])
def test_what_is_no_phone(text: str) -> None:
    assert read_phone(text) is None
