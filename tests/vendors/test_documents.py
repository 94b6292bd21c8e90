import pytest

from mestore.vendors.documents import read_document
from mestore.vendors.models import DocumentType
from mestore.vendors.registration import slugs_of


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("NIT", "900123456-8", "900123456-8"),
        ("NIT", "900.123.456-8", "900123456-8"),
        ("NIT", "9001234568", "900123456-8"),
        ("CC", "1.020.304.050", "1020304050"),
        ("CC", "74 358 126", "74358126"),
        ("CE", "345678", "345678"),
    ],
)
def test_documents_have_one_spelling(kind: str, text: str, number: str) -> None:
    assert read_document(DocumentType(kind), text) == number


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("NIT", "900123456-7"), ("NIT", "900123456"), ("NIT", "x"), ("NIT", "\u0669\u0660\u0660123456-8")),
        *(
            ("CC", "12345678901"),
            ("CC", "1234"),
            ("CC", "0123456789"),
            ("CC", "abc12345"),
            ("CC", "\u0661\u0662345678"),
            ("CC", "900123456-8"),
        ),
        *(("CE", "12345678"), ("CE", "AB123456")),
    ],
)
def test_what_is_no_document(kind: str, text: str) -> None:
    assert read_document(DocumentType(kind), text) is None


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Café de la Sierra", "cafe-de-la-sierra"),
        ("  ¡Ñandú & Cía.!  ", "nandu-cia"),
        ("日本", "tienda"),
        ("me", "me-2"),
        ("Register", "register-2"),
        ("x" * 200, "x" * 100),
    ],
)
def test_a_shop_s_address_follows_from_its_name(name: str, slug: str) -> None:
    assert next(slugs_of(name)) == slug


def test_there_is_always_another_address() -> None:
    slugs = list(slugs_of("Café"))
    assert slugs[:4] == ["cafe", "cafe-2", "cafe-3", "cafe-4"]
    assert len(set(slugs)) == len(slugs) == 9
